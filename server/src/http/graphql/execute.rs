//! Execution of one operation, for every transport.

use std::{
    future::Future,
    panic::AssertUnwindSafe,
    time::{Duration, Instant},
};

use futures::FutureExt as _;
use triptych_schema::{Client, Operation, Outcome, Request, RequestKind};
use triptych_services::error::Code;

use super::{Caller, HttpState, Refusal};
use crate::http::metrics::{Transport, count_operation};

/// Time limit of a query or a mutation.
const EXECUTION_TIMEOUT: Duration = Duration::from_mins(1);

/// A request that can be executed, or the answer to one that cannot.
pub(in crate::http) enum Work {
    Run(Operation),
    Refused(Outcome),
}

/// Checks the size of a document, and parses it.
pub(in crate::http) fn prepare(state: &HttpState, request: Request) -> Work {
    match state.api.parse(request) {
        Ok(operation) => Work::Run(operation),
        Err(outcome) => Work::Refused(outcome),
    }
}

/// Answers a request over HTTP.
///
/// # Errors
/// 405 for a mutation by GET, 503 past the time limit, 500 after a panic.
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
        return Err(Refusal::method("POST", "GET requests can only run queries; use POST"));
    }
    if kind == RequestKind::Subscription {
        let message = "subscriptions require a WebSocket with the sub-protocol graphql-transport-ws";
        return Ok(Outcome::refuse(Code::BadUserInput, message));
    }
    let api = state.api.clone();
    let (actor, client) = (caller.actor.clone(), client.clone());
    let work = async move { api.execute(operation, actor, client).await };
    let outcome = match kind {
        RequestKind::Mutation => detached(state, work).await?,
        _ => guarded(state, work).await?,
    };
    count_operation(Some(kind), Transport::Http, !outcome.executed, begun);
    Ok(outcome)
}

/// Executes with a time limit; a panic is an error of this operation alone.
///
/// # Errors
/// 503 past the time limit, 500 after a panic.
pub(in crate::http) async fn guarded(
    state: &HttpState,
    work: impl Future<Output = Outcome> + Send,
) -> Result<Outcome, Refusal> {
    match tokio::time::timeout(EXECUTION_TIMEOUT, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(outcome)) => Ok(outcome),
        Ok(Err(_)) => Err(Refusal::internal("an operation panicked", &state.services.clock)),
        Err(_) => {
            let limit = EXECUTION_TIMEOUT.as_secs();
            Err(Refusal::unavailable(format!("the operation exceeded its time limit of {limit} s")))
        }
    }
}

/// As [`guarded`], in a task of its own: a mutation runs to its end even if the client disconnects.
pub(in crate::http) async fn detached(
    state: &HttpState,
    work: impl Future<Output = Outcome> + Send + 'static,
) -> Result<Outcome, Refusal> {
    let task = {
        let state = state.clone();
        async move { guarded(&state, work).await }
    };
    match state.tasks.spawn(task).await {
        Ok(outcome) => outcome,
        Err(error) => Err(Refusal::internal(error, &state.services.clock)),
    }
}
