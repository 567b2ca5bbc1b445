//! The playground: a page at `/` and its files, embedded in the binary.

mod demo_session;

use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse as _, Response},
    routing::{get, post},
};
use rust_embed::{EmbeddedFile, RustEmbed};
use tower_http::compression::CompressionLayer;

use super::HttpState;

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
        .route("/playground/session", post(demo_session::open))
        .route("/playground/{*path}", get(file))
        .layer(CompressionLayer::new())
}

async fn index(headers: HeaderMap) -> Response {
    match Files::get(INDEX) {
        Some(file) => serve(&file, &headers, REVALIDATE),
        None => secured(Html(NOT_BUILT).into_response()),
    }
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
    response
}
