//! Authentication of requests: by bearer token, else by session cookie, else anonymous.

use std::{sync::Arc, time::Duration};

use axum::http::{HeaderMap, header, request::Parts};
use secrecy::{ExposeSecret as _, SecretString};
use triptych_schema::{Client, Passwords, SessionCookie};
use triptych_services::access::{Actor, Origin};

use super::{HttpState, address, refusal::Refusal};

/// Time limit of an authentication.
const AUTHENTICATION_TIMEOUT: Duration = Duration::from_secs(10);

/// The credential of a request.
#[derive(Debug, Clone)]
pub(super) enum Credential {
    Bearer(SecretString),
    Cookie(SecretString),
}

impl Credential {
    /// The bearer token, else the session cookie.
    pub(super) fn of(headers: &HeaderMap, client: &Client) -> Option<Self> {
        let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        if let Some(token) = authorization.and_then(bearer) {
            return Some(Self::Bearer(token));
        }
        cookie(headers, SessionCookie::of(client).name()).map(Self::Cookie)
    }

    pub(super) fn token(&self) -> &str {
        match self {
            Self::Bearer(token) | Self::Cookie(token) => token.expose_secret(),
        }
    }

    pub(super) fn into_token(self) -> SecretString {
        match self {
            Self::Bearer(token) | Self::Cookie(token) => token,
        }
    }
}

/// The token of an `Authorization` header with the scheme `Bearer`.
pub(super) fn bearer(authorization: &str) -> Option<SecretString> {
    let (scheme, token) = authorization.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| token.to_owned().into())
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<SecretString> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, value)| *found == name && !value.is_empty())
        .map(|(_, value)| value.to_owned().into())
}

/// The caller of a request; anonymous without an actor.
#[derive(Debug, Clone, Default)]
pub(super) struct Caller {
    pub(super) actor: Option<Arc<Actor>>,
    /// The cookie refers to a session that does not exist any more.
    pub(super) stale_cookie: bool,
}

impl Caller {
    /// Authenticates a request. Pages of other origins were refused before.
    ///
    /// # Errors
    /// 401 for a bearer token that is not valid, 503 when a database is unavailable.
    pub(super) async fn of(state: &HttpState, headers: &HeaderMap, client: &Client) -> Result<Self, Refusal> {
        let Some(credential) = Credential::of(headers, client) else { return Ok(Self::default()) };
        let actor = authenticate(state, credential.token(), &client.origin).await?;
        match (actor, credential) {
            (Some(actor), _) => Ok(Self { actor: Some(Arc::new(actor)), stale_cookie: false }),
            (None, Credential::Cookie(_)) => Ok(Self { actor: None, stale_cookie: true }),
            (None, Credential::Bearer(_)) => {
                Err(Refusal::unauthenticated("the token is invalid, revoked or expired"))
            }
        }
    }
}

/// The actor that a token belongs to.
///
/// # Errors
/// 503 when a database is unavailable or slow.
pub(super) async fn authenticate(
    state: &HttpState,
    token: &str,
    origin: &Origin,
) -> Result<Option<Actor>, Refusal> {
    let work = state.services.identity.authenticate(token, origin);
    match tokio::time::timeout(AUTHENTICATION_TIMEOUT, work).await {
        Ok(Ok(actor)) => Ok(actor),
        Ok(Err(error)) => Err(Refusal::of(&error, &state.services.clock)),
        Err(_) => Err(Refusal::unavailable("authentication exceeded its time limit; try again")),
    }
}

/// The properties of the client and its connection. What a proxy reports is used only if the proxy is trusted.
pub(super) fn client(state: &HttpState, parts: &Parts) -> Client {
    let http = &state.config.http;
    let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let peer = address::peer(parts);
    let proxied = peer.is_some_and(|peer| address::is_trusted(peer, &http.trusted_proxies));
    let over_https = text("x-forwarded-proto").is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"));
    let origin = Origin {
        address: peer.map(|peer| address::client(peer, &parts.headers, &http.trusted_proxies)),
        user_agent: text("user-agent").map(|agent| agent.chars().take(500).collect()),
    };
    Client { origin, secure: proxied && over_https, passwords: Passwords::default() }
}
