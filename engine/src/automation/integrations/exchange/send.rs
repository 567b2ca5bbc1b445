//! Sends a request: follows redirects without disclosing secrets, and limits the size of the answer.

use std::error::Error as _;

use futures::StreamExt as _;
use reqwest::{
    Method, StatusCode, Url,
    header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderMap, LOCATION, PROXY_AUTHORIZATION},
};

use crate::{
    automation::integrations::ActionError,
    outbound::{self, Outbound, OutboundError, Refused},
};

/// The largest body of an answer, in bytes.
pub const BODY_LIMIT: usize = 5 * 1_048_576;
const REDIRECTS: usize = 5;

#[derive(Clone)]
pub struct Request {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    /// Sent only to the host that the request was for.
    pub secret: HeaderMap,
    pub body: Option<String>,
}

pub struct Response {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// The host that answered, for messages.
    pub host: String,
}

pub(super) fn is_http(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

/// Sends a request and reads the whole answer. The caller sets the time limit.
///
/// # Errors
/// `UNREACHABLE`, `TIMEOUT` (of the connection), `ADDRESS_NOT_ALLOWED`, `RESPONSE_TOO_LARGE`, `BAD_REDIRECT`.
pub(super) async fn send(outbound: &Outbound, mut request: Request) -> Result<Response, ActionError> {
    for _ in 0..=REDIRECTS {
        let host = host(&request.url);
        let response = once(outbound, &request, &host).await?;
        match target(&response, &request.url)? {
            Some(url) => redirect(&mut request, response.status(), url),
            None => return read(response, host).await,
        }
    }
    Err(ActionError::permanent("BAD_REDIRECT", format!("more than {REDIRECTS} redirects")))
}

async fn once(outbound: &Outbound, request: &Request, host: &str) -> Result<reqwest::Response, ActionError> {
    let mut headers = request.headers.clone();
    for (name, value) in &request.secret {
        headers.insert(name.clone(), value.clone());
    }
    let begun = outbound.request(request.method.clone(), &request.url).map_err(|error| match error {
        OutboundError::Refused(refused) => not_allowed(refused, host),
        OutboundError::Client(error) => unreachable(&error, host),
    });
    let mut builder = begun?.headers(headers);
    if let Some(body) = &request.body {
        builder = builder.body(body.clone());
    }
    builder.send().await.map_err(|error| unreachable(&error, host))
}

/// Where an answer redirects to, if it does.
fn target(response: &reqwest::Response, from: &Url) -> Result<Option<Url>, ActionError> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = response.headers().get(LOCATION) else { return Ok(None) };
    let bad =
        || ActionError::permanent("BAD_REDIRECT", format!("{} redirects to no HTTP address", host(from)));
    let url = location.to_str().ok().and_then(|text| from.join(text).ok()).filter(is_http);
    url.map(Some).ok_or_else(bad)
}

fn redirect(request: &mut Request, status: StatusCode, url: Url) {
    let becomes_get = match status {
        StatusCode::SEE_OTHER => request.method != Method::HEAD,
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => request.method == Method::POST,
        _ => false,
    };
    if becomes_get {
        request.method = Method::GET;
        request.body = None;
        request.headers.remove(CONTENT_TYPE);
    }
    if url.origin() != request.url.origin() {
        request.secret.clear();
        for name in [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION] {
            request.headers.remove(name);
        }
    }
    request.url = url;
}

async fn read(response: reqwest::Response, host: String) -> Result<Response, ActionError> {
    let too_large = || {
        ActionError::permanent(
            "RESPONSE_TOO_LARGE",
            format!("the answer of {host} is larger than {BODY_LIMIT} bytes"),
        )
    };
    let status = response.status();
    let headers = response.headers().clone();
    let mut body = Vec::new();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| unreachable(&error, &host))?;
        if body.len() + chunk.len() > BODY_LIMIT {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Response { status, headers, body, host })
}

/// Without the path, the query and any password: those can be secret.
fn host(url: &Url) -> String {
    let name = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"))
}

fn not_allowed(refused: Refused, host: &str) -> ActionError {
    ActionError::permanent("ADDRESS_NOT_ALLOWED", refused.about(host).to_string())
}

fn unreachable(error: &reqwest::Error, host: &str) -> ActionError {
    if let Some(refused) = outbound::refused(error) {
        return not_allowed(refused.clone(), host);
    }
    if error.is_builder() {
        return ActionError::bad_parameters("the request cannot be sent as it is");
    }
    if error.is_timeout() {
        return ActionError::temporary("TIMEOUT", format!("{host} did not answer in time"));
    }
    // Only the innermost cause explains the failure.
    let mut cause = error.source();
    while let Some(next) = cause.and_then(std::error::Error::source) {
        cause = Some(next);
    }
    let what = if error.is_connect() { "cannot reach" } else { "lost the connection to" };
    let why = cause.map_or_else(String::new, |cause| format!(": {cause}"));
    ActionError::temporary("UNREACHABLE", format!("{what} {host}{why}"))
}
