//! HTTP exchanges of operations: from parts to a request, and from an answer to an output or an error. Shared by
//! `http` and by manifests.

mod answer;
mod build;
mod send;

use std::time::Duration;

pub(super) use answer::{body, failure, headers as answer_headers, quote, wait_from};
pub(super) use build::{METHODS, append_query, headers, idempotency_key, method, scalar, secret_header, url};
#[cfg(test)]
pub(super) use send::BODY_LIMIT;
pub(super) use send::{Request, Response};

use super::ActionError;
use crate::outbound::Outbound;

/// Sends a request and reads the whole answer, redirects included.
///
/// # Errors
/// `TIMEOUT`, `UNREACHABLE`, `ADDRESS_NOT_ALLOWED`, `RESPONSE_TOO_LARGE`, `BAD_REDIRECT`. A status from 400 on is an answer.
pub(super) async fn send(
    outbound: &Outbound,
    request: Request,
    timeout: Duration,
) -> Result<Response, ActionError> {
    tokio::time::timeout(timeout, send::send(outbound, request)).await.map_err(|_| {
        ActionError::temporary("TIMEOUT", format!("no complete answer within {} s", timeout.as_secs_f64()))
    })?
}
