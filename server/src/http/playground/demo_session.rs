//! `POST /playground/session`: a session of the demo user for the page of the playground.
//!
//! The page is on this machine, as the browser and the page itself say: a proxy may rewrite headers, but not the address
//! that the page sees.

use std::net::SocketAddr;

use axum::{
    Extension,
    body::Bytes,
    extract::{ConnectInfo, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;
use triptych_schema::SessionCookie;
use triptych_services::error::Code;

use crate::http::{HttpState, authentication, origin, refusal::Refusal};

/// Largest body.
const BODY_BYTES: usize = 1024;

/// What the page sends.
#[derive(Deserialize)]
struct Opening {
    /// The origin of the page, as the browser shows it.
    origin: String,
}

/// Sets the cookie of a new session of the demo user.
pub(super) async fn open(
    State(state): State<HttpState>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    parts: Parts,
    body: Bytes,
) -> Response {
    let Some((user, organization)) = state.demo else { return refused().into_response() };
    let peer = peer.map(|Extension(ConnectInfo(peer))| peer);
    if !peer.is_some_and(|peer| origin::is_local(peer, &parts)) || !is_own_page(&parts, &body) {
        return refused().into_response();
    }
    let client = authentication::client(&state, &parts);
    let issued = match state.services.identity.open_session(user, organization, &client.origin).await {
        Ok(issued) => issued,
        Err(error) => return Refusal::of(&error, &state.services.clock).into_response(),
    };
    let age = state.services.identity.sessions.ttl();
    let cookie = SessionCookie::of(&client).store(&issued.token, age);
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Whether the browser and the page say that the page is one of this server, under the same name as the request.
fn is_own_page(parts: &Parts, body: &Bytes) -> bool {
    let text = |headers: &HeaderMap, name| {
        headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
    };
    let Some(host) = origin::authority(&parts.uri, &parts.headers) else { return false };
    let own = format!("http://{host}");
    let json =
        text(&parts.headers, header::CONTENT_TYPE).is_some_and(|ty| ty.starts_with("application/json"));
    let opening = serde_json::from_slice::<Opening>(body);
    json && body.len() <= BODY_BYTES
        && text(&parts.headers, header::ORIGIN).is_some_and(|origin| origin.eq_ignore_ascii_case(&own))
        && text(&parts.headers, SEC_FETCH_SITE).as_deref() == Some("same-origin")
        && opening.is_ok_and(|opening| opening.origin.eq_ignore_ascii_case(&own))
}

const SEC_FETCH_SITE: header::HeaderName = header::HeaderName::from_static("sec-fetch-site");

/// 403: there is no demo user, or the request does not come from the page on this machine.
fn refused() -> Refusal {
    Refusal::new(StatusCode::FORBIDDEN, Code::Forbidden, "there is no demo session here; sign in")
}
