//! Execution of one operation, for every transport.

use std::{future::Future, panic::AssertUnwindSafe};

use futures::FutureExt as _;
use tokio::time::Instant;
use triptych_schema::{Client, Operation, Outcome, Request, RequestKind};
use triptych_services::error::Code;

use super::{Caller, HttpState, Refusal};
use crate::http::metrics::{Transport, count_operation};

/// A request that can be executed, or the answer to one that cannot.
pub(in crate::http) enum Work {
    Run(Operation),
    Refused(Outcome),
}

/// Checks the size of a document, and parses it.
pub(in crate::http) async fn prepare(state: &HttpState, request: Request) -> Work {
    match state.api.parse(request).await {
        Ok(operation) => Work::Run(operation),
        Err(outcome) => Work::Refused(outcome),
    }
}

/// The circumstances of the operations of a request over HTTP.
pub(super) struct Circumstances<'a> {
    pub(super) caller: &'a Caller,
    pub(super) client: &'a Client,
    pub(super) by_get: bool,
    /// The end of the time limit.
    pub(super) deadline: Instant,
}

/// The end of the time limit of operations that begin now.
pub(in crate::http) fn deadline(state: &HttpState) -> Instant {
    Instant::now() + state.config.limits.execution()
}

/// Answers a request over HTTP.
///
/// # Errors
/// 405 for a mutation by GET, 503 past the time limit, 500 after a panic.
pub(super) async fn run(
    state: &HttpState,
    request: Request,
    circumstances: &Circumstances<'_>,
) -> Result<Outcome, Refusal> {
    let begun = std::time::Instant::now();
    let Circumstances { caller, client, by_get, deadline } = *circumstances;
    let operation = match prepare(state, request).await {
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
        RequestKind::Mutation => detached(state, deadline, work).await?,
        _ => guarded(state, deadline, work).await?,
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
    deadline: Instant,
    work: impl Future<Output = Outcome> + Send,
) -> Result<Outcome, Refusal> {
    // An operation that is polled once may already have an effect.
    if Instant::now() >= deadline {
        return Err(out_of_time(state));
    }
    match tokio::time::timeout_at(deadline, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(outcome)) => Ok(outcome),
        Ok(Err(_)) => Err(Refusal::internal("an operation panicked", &state.services.clock)),
        Err(_) => Err(out_of_time(state)),
    }
}

fn out_of_time(state: &HttpState) -> Refusal {
    let limit = state.config.limits.execution_seconds;
    Refusal::unavailable(format!("the operation exceeded its time limit of {limit} s"))
}

/// As [`guarded`], in a task of its own: a mutation runs to its end even if the client disconnects.
pub(in crate::http) async fn detached(
    state: &HttpState,
    deadline: Instant,
    work: impl Future<Output = Outcome> + Send + 'static,
) -> Result<Outcome, Refusal> {
    let task = {
        let state = state.clone();
        async move { guarded(&state, deadline, work).await }
    };
    match state.tasks.spawn(task).await {
        Ok(outcome) => outcome,
        Err(error) => Err(Refusal::internal(error, &state.services.clock)),
    }
}
