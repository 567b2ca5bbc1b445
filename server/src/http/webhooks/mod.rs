//! `/webhooks/{token}` and `/webhooks/{token}/sync`: requests from other systems that start flows.
//!
//! Owns the mapping of a request to the data of a trigger, and the response. Accepting it is done by the services.

mod data;
mod reply;

use std::time::Duration;

use axum::{
    Json, Router,
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::any,
};
use serde_json::json;
use triptych_entities::relational::automation::execution;
use triptych_services::{
    automation::executions::{PROOF_HEADERS, Proof, WebhookCall},
    error::{Code, ServiceError},
};

use super::{HttpState, graphql, metrics, refusal::Refusal};

const METHODS: &str = "GET, POST, PUT, PATCH, DELETE";
/// Time that the caller of a synchronous webhook waits for its answer. The execution has no such limit.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// Time limit of accepting a request.
const ACCEPT_TIMEOUT: Duration = Duration::from_secs(15);
const SECRET: &str = "x-webhook-secret";

pub(super) fn routes() -> Router<HttpState> {
    Router::new()
        .route("/webhooks/{token}", any(accept_only))
        .route("/webhooks/{token}/sync", any(accept_and_wait))
}

/// Responds once the request is stored; from then on the execution runs even if this process is killed.
async fn accept_only(
    State(state): State<HttpState>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    let response = match accept(&state, token, request).await {
        Ok(execution) => accepted(&execution),
        Err(refusal) => refusal.into_response(),
    };
    finished(response)
}

/// Responds with the answer of the flow, or as [`accept_only`] if there is none in time or a database fails meanwhile.
async fn accept_and_wait(
    State(state): State<HttpState>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    let execution = match accept(&state, token, request).await {
        Ok(execution) => execution,
        Err(refusal) => return finished(refusal.into_response()),
    };
    let waiting = state.services.executions.wait_for_answer(&execution);
    let response = tokio::select! {
        answer = waiting => match answer {
            Ok(answer) => reply::of(answer, &execution),
            // The execution is stored and runs, so the caller must not send the request again.
            Err(error) => {
                tracing::warn!(%error, execution.id = %execution.id, "the answer of an execution was not read");
                accepted(&execution)
            }
        },
        // Does not delay the shutdown: another process continues the execution.
        () = state.drain.cancelled() => accepted(&execution),
        () = tokio::time::sleep(ANSWER_TIMEOUT) => accepted(&execution),
    };
    finished(response)
}

async fn accept(state: &HttpState, token: String, request: Request) -> Result<execution::Model, Refusal> {
    let (parts, body) = request.into_parts();
    if ![Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(&parts.method) {
        return Err(Refusal::method(METHODS, "webhooks accept GET, POST, PUT, PATCH and DELETE"));
    }
    let body = graphql::read(state, &parts.headers, body).await?;
    if state.api.check_json(&body).is_err() {
        let message = "the body has too many values";
        return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, Code::LimitExceeded, message));
    }
    let data = data::of(&parts, &body)?;
    let call = WebhookCall { token, data, proof: proof(&parts.headers, &body) };
    match tokio::time::timeout(ACCEPT_TIMEOUT, state.services.executions.accept_webhook(call)).await {
        Ok(Ok(execution)) => Ok(execution),
        Ok(Err(ServiceError::NotFound(_))) => {
            Err(Refusal::new(StatusCode::NOT_FOUND, Code::NotFound, "the webhook does not exist"))
        }
        Ok(Err(error)) => Err(Refusal::of(&error, &state.services.clock)),
        Err(_) => Err(Refusal::unavailable("accepting the request exceeded its time limit; try again")),
    }
}

fn proof(headers: &HeaderMap, body: &[u8]) -> Proof {
    let value = |name: &str| Some((name.to_owned(), headers.get(name)?.to_str().ok()?.to_owned()));
    Proof { headers: PROOF_HEADERS.into_iter().filter_map(value).collect(), body: body.to_vec() }
}

/// 202: the execution is stored and will run.
fn accepted(execution: &execution::Model) -> Response {
    let body = json!({ "executionId": execution.id.to_string(), "status": name(execution.status) });
    (StatusCode::ACCEPTED, Json(body)).into_response()
}

/// Counts a response, and sandboxes it: content of flows must not run as a page of this server.
fn finished(mut response: Response) -> Response {
    metrics::count_webhook(response.status());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The name of a status in the API.
fn name(status: execution::Status) -> &'static str {
    use execution::Status;
    match status {
        Status::Queued => "QUEUED",
        Status::Running => "RUNNING",
        Status::Waiting => "WAITING",
        Status::Succeeded => "SUCCEEDED",
        Status::Failed => "FAILED",
        Status::Canceled => "CANCELED",
    }
}
