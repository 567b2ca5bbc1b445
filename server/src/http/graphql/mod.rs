//! GraphQL over HTTP as its draft specification defines it: methods, media types, status codes.

mod answer;
mod cors;
mod execute;
mod media;
mod payload;

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    extract::{FromRequestParts as _, Request as HttpRequest, State, WebSocketUpgrade},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse as _, Response},
};
use http_body_util::LengthLimitError;
use triptych_schema::{Request, SessionCookie};

pub(super) use execute::{Work, deadline, detached, guarded, prepare};

use super::{
    HttpState,
    authentication::{self, Caller},
    origin::{Page, foreign_page},
    refusal::Refusal,
    websocket,
};
use answer::Answers;
use execute::Circumstances;
use media::MediaType;
use payload::Payload;

const METHODS: &str = "GET, POST";
/// Time limit of receiving the body of a refused request.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(2);

/// `/graphql`, for all methods.
pub(super) async fn handle(State(state): State<HttpState>, request: HttpRequest) -> Response {
    let (parts, body) = request.into_parts();
    match state.boundary.page(&parts) {
        Page::Own => respond(state, parts, body).await,
        Page::Allowed(origin) => {
            let response = match cors::preflight(&parts) {
                Some(response) => response,
                None => respond(state, parts, body).await,
            };
            cors::readable(response, origin)
        }
        Page::Foreign => {
            discard(&state, body).await;
            foreign_page().into_response()
        }
    }
}

async fn respond(state: HttpState, mut parts: Parts, body: Body) -> Response {
    if parts.method == Method::GET && is_upgrade(&parts.headers) {
        return match WebSocketUpgrade::from_request_parts(&mut parts, &state).await {
            Ok(upgrade) => websocket::accept(state, upgrade, &parts),
            Err(rejection) => rejection.into_response(),
        };
    }
    let media = match media::negotiate(&parts.headers) {
        Ok(media) => media,
        Err(refusal) => {
            discard(&state, body).await;
            return refusal.into_response();
        }
    };
    let by_get = match admit(&parts) {
        Ok(by_get) => by_get,
        Err(refusal) => {
            discard(&state, body).await;
            return in_media(refusal.into_response(), media);
        }
    };
    match answer(&state, &parts, body, by_get).await {
        Ok(answers) => answers.into_response(media),
        Err(refusal) => in_media(refusal.into_response(), media),
    }
}

fn is_upgrade(headers: &HeaderMap) -> bool {
    headers.get(header::UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

fn in_media(mut response: Response, media: MediaType) -> Response {
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media.name()));
    response
}

/// Checks method and content type, and returns whether the request is a GET.
fn admit(parts: &Parts) -> Result<bool, Refusal> {
    match parts.method {
        Method::GET => Ok(true),
        Method::POST => media::require_json(&parts.headers).map(|()| false),
        _ => Err(Refusal::method(METHODS, "GraphQL requests use GET or POST")),
    }
}

/// Reads the body of a refused request, within limits: a connection with an unread body has to be closed, and its
/// client may then lose the response.
async fn discard(state: &HttpState, body: Body) {
    let reading = axum::body::to_bytes(body, state.config.http.body_limit);
    // A body that is larger or slower closes the connection.
    drop(tokio::time::timeout(DISCARD_TIMEOUT, reading).await);
}

async fn answer(state: &HttpState, parts: &Parts, body: Body, by_get: bool) -> Result<Answers, Refusal> {
    let payload = if by_get {
        Payload::One(payload::of_query_string(parts.uri.query().unwrap_or_default())?)
    } else {
        let body = read(state, &parts.headers, body).await?;
        if let Err(outcome) = state.api.check_json(&body) {
            return Ok(Answers::One(outcome));
        }
        payload::of_body(&body, state.config.limits.batch_size)?
    };
    let client = authentication::client(state, parts);
    let caller = Caller::of(state, &parts.headers, &client).await?;
    let deadline = deadline(state);
    let circumstances = Circumstances { caller: &caller, client: &client, by_get, deadline };
    let mut answers = run(state, payload, &circumstances).await?;
    if caller.stale_cookie && !answers.sets_cookie() {
        answers.set_cookie(SessionCookie::of(&client).forget());
    }
    Ok(answers)
}

/// Reads a whole body within the limits of size and time.
///
/// # Errors
/// 400 for an incomplete body, 408 past the time limit, 413 for a larger body.
pub(super) async fn read(state: &HttpState, headers: &HeaderMap, body: Body) -> Result<Bytes, Refusal> {
    let limit = state.config.http.body_limit;
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if declared.is_some_and(|length: u64| usize::try_from(length).map_or(true, |length| length > limit)) {
        return Err(Refusal::too_large(limit));
    }
    match tokio::time::timeout(state.config.http.body_timeout(), axum::body::to_bytes(body, limit)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if is_over_limit(&error) => Err(Refusal::too_large(limit)),
        Ok(Err(_)) => Err(Refusal::malformed("the body is incomplete")),
        Err(_) => Err(Refusal::new(
            StatusCode::REQUEST_TIMEOUT,
            triptych_services::error::Code::BadUserInput,
            "the body exceeded its time limit",
        )),
    }
}

fn is_over_limit(error: &axum::Error) -> bool {
    std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<LengthLimitError>)
}

async fn run(
    state: &HttpState,
    payload: Payload,
    circumstances: &Circumstances<'_>,
) -> Result<Answers, Refusal> {
    let one = |request: Request| execute::run(state, request, circumstances);
    Ok(match payload {
        Payload::One(request) => Answers::One(one(request).await?),
        Payload::Batch(requests) => {
            // In sequence, as a mutation may depend on an earlier one.
            let mut outcomes = Vec::with_capacity(requests.len());
            for request in requests {
                // A failure does not hide the results of the operations before it.
                outcomes.push(one(request).await.unwrap_or_else(|refusal| refusal.outcome()));
                tokio::task::yield_now().await;
            }
            Answers::Batch(outcomes)
        }
    })
}
