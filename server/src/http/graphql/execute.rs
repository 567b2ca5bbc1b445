//! Running one operation, whichever transport it came by.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use triptych_schema::{Client, Operation, Outcome, Request, RequestKind};
use triptych_services::error::Code;

use super::{Caller, HttpState, Refusal};
use crate::http::metrics::{Transport, count_operation};

/// How long a query or a mutation may take.
const EXECUTION_TIMEOUT: Duration = Duration::from_mins(1);

/// A request that may be executed, or the answer to it.
pub(in crate::http) enum Work {
    Run(Operation),
    Refused(Outcome),
}

/// Checks a document's size and parses it.
pub(in crate::http) fn prepare(state: &HttpState, request: Request) -> Work {
    match state.api.parse(request) {
        Ok(operation) => Work::Run(operation),
        Err(outcome) => Work::Refused(outcome),
    }
}

/// Answers a request of HTTP.
///
/// # Errors
/// 405 for a mutation by GET, 503 when it takes too long.
pub(super) async fn run(
    state: &HttpState,
    request: Request,
    caller: &Caller,
    client: &Client,
    by_get: bool,
) -> Result<Outcome, Refusal> {
    let begun = Instant::now();
    let operation = match prepare(state, request) {
        Work::Run(operation) => operation,
        Work::Refused(outcome) => {
            count_operation(None, Transport::Http, true, begun);
            return Ok(outcome);
        }
    };
    let kind = operation.kind();
    if by_get && kind != RequestKind::Query {
        return Err(Refusal::method("POST", "GET is for queries; send this by POST"));
    }
    if kind == RequestKind::Subscription {
        let message = "subscriptions are served over WebSocket, as graphql-transport-ws";
        return Ok(Outcome::refuse(Code::BadUserInput, message));
    }
    let api = state.api.clone();
    let (actor, client) = (caller.actor.clone(), client.clone());
    let work = async move { api.execute(operation, actor, client).await };
    let outcome = match kind {
        RequestKind::Mutation => detached(state, work).await,
        _ => tokio::time::timeout(EXECUTION_TIMEOUT, work).await.ok(),
    };
    let outcome = outcome.ok_or_else(|| Refusal::unavailable("the operation took too long"))?;
    count_operation(Some(kind), Transport::Http, !outcome.executed, begun);
    Ok(outcome)
}

/// Runs a mutation to its end even if whoever asked goes away meanwhile. `None` when it took too long or broke.
pub(in crate::http) async fn detached(
    state: &HttpState,
    work: impl Future<Output = Outcome> + Send + 'static,
) -> Option<Outcome> {
    let task = state.tasks.spawn(tokio::time::timeout(EXECUTION_TIMEOUT, work));
    match task.await {
        Ok(outcome) => outcome.ok(),
        Err(error) => {
            tracing::error!(%error, "an operation broke");
            None
        }
    }
}
