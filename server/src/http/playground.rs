//! The playground: a page at `/` and its files, embedded in the binary.

use std::net::SocketAddr;

use axum::{
    Extension, Router,
    extract::{ConnectInfo, Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse as _, Response},
    routing::get,
};
use rust_embed::{EmbeddedFile, RustEmbed};
use tower_http::compression::CompressionLayer;
use triptych_schema::SESSION_COOKIE;

use super::{HttpState, authentication::Caller, origin};

#[derive(RustEmbed)]
#[folder = "../playground/dist"]
#[allow_missing = true]
struct Files;

const INDEX: &str = "index.html";
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      font-src 'self' data:; worker-src 'self' blob:; connect-src 'self' ws: wss:; \
                      object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// For files whose names contain a hash of their content.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
const REVALIDATE: &str = "no-cache";
const NOT_BUILT: &str = "<!doctype html><title>Triptych</title><h1>Triptych</h1><p>The API is at \
<code>/graphql</code>. This binary does not contain the playground: run <code>npm ci && npm run build</code> in \
<code>playground/</code>, then build the binary again.";

pub(super) fn routes() -> Router<HttpState> {
    Router::new()
        .route("/", get(index))
        .route("/playground", get(index))
        .route("/playground/", get(index))
        .route("/playground/{*path}", get(file))
        .layer(CompressionLayer::new())
}

async fn index(
    State(state): State<HttpState>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
) -> Response {
    let mut response = match Files::get(INDEX) {
        Some(file) => serve(&file, &headers, REVALIDATE),
        None => secured(Html(NOT_BUILT).into_response()),
    };
    if let Some(Extension(ConnectInfo(peer))) = peer
        && let Some(cookie) = demo_session(&state, peer, &headers).await
    {
        response.headers_mut().append(header::SET_COOKIE, cookie);
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

async fn file(Path(path): Path<String>, headers: HeaderMap) -> Response {
    match Files::get(&path) {
        Some(file) if path.starts_with("assets/") => serve(&file, &headers, IMMUTABLE),
        Some(file) => serve(&file, &headers, REVALIDATE),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn serve(file: &EmbeddedFile, headers: &HeaderMap, caching: &'static str) -> Response {
    let tag = format!("\"{}\"", hex::encode(file.metadata.sha256_hash()));
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    // Compression marks the tag as weak.
    let unchanged =
        known.is_some_and(|known| known.split(',').any(|known| known.trim().trim_start_matches("W/") == tag));
    let mut response = if unchanged {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, content_type(file))], file.data.clone()).into_response()
    };
    let headers = response.headers_mut();
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(header::ETAG, tag);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    secured(response)
}

/// The media type; text is in UTF-8.
fn content_type(file: &EmbeddedFile) -> String {
    let name = file.metadata.mimetype();
    if name.starts_with("text/") { format!("{name}; charset=utf-8") } else { name.to_owned() }
}

fn secured(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    response
}

/// A session of the demo user, for a browser on this machine that has no session.
async fn demo_session(state: &HttpState, peer: SocketAddr, headers: &HeaderMap) -> Option<HeaderValue> {
    let (user, organization) = state.demo?;
    if !origin::is_local(peer, headers) {
        return None;
    }
    if matches!(Caller::of(state, headers).await, Ok(Caller { actor: Some(_), .. })) {
        return None;
    }
    let user_agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let user_agent = user_agent.map(|agent| agent.chars().take(500).collect());
    let sessions = &state.services.identity.sessions;
    let issued = match sessions.issue(user, organization, user_agent).await {
        Ok(issued) => issued,
        Err(error) => {
            tracing::warn!(%error, "signing in the demo user failed");
            return None;
        }
    };
    let age = sessions.ttl().as_secs();
    let cookie = format!("{SESSION_COOKIE}={}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax", issued.token);
    HeaderValue::try_from(cookie).ok()
}
