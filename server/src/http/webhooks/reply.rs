//! The response of a synchronous webhook.

use axum::{
    Json,
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use triptych_entities::relational::automation::execution;
use triptych_services::automation::executions::Answer;

/// Headers that a flow can set: those that describe the body, its caching, and where to go. Others could set cookies of
/// this server, change its security policy or the framing of the message, or instruct a proxy.
const ALLOWED: [HeaderName; 10] = [
    header::CACHE_CONTROL,
    header::CONTENT_DISPOSITION,
    header::CONTENT_LANGUAGE,
    header::CONTENT_TYPE,
    header::ETAG,
    header::EXPIRES,
    header::LAST_MODIFIED,
    header::LOCATION,
    header::RETRY_AFTER,
    header::VARY,
];

pub(super) fn of(answer: Answer, execution: &execution::Model) -> Response {
    match answer {
        Answer::Replied(reply) => replied(reply),
        Answer::Succeeded(output) => Json(output).into_response(),
        Answer::Failed(failure) => {
            let body = json!({
                "error": { "code": failure.code, "message": failure.message },
                "executionId": execution.id.to_string(),
            });
            (StatusCode::BAD_GATEWAY, Json(body)).into_response()
        }
    }
}

/// The response as a step describes it.
#[derive(Deserialize)]
struct Reply {
    #[serde(default = "ok")]
    status: u16,
    #[serde(default)]
    headers: Map<String, Value>,
    #[serde(default)]
    body: Value,
}

fn ok() -> u16 {
    200
}

fn replied(reply: Value) -> Response {
    let Ok(reply) = serde_json::from_value::<Reply>(reply) else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    let (content_type, body) = match reply.body {
        Value::Null => (None, Body::empty()),
        Value::String(text) => (Some("text/plain; charset=utf-8"), Body::from(text)),
        other => (Some("application/json"), Body::from(other.to_string())),
    };
    let mut response = Response::new(body);
    *response.status_mut() = final_status(reply.status);
    let headers = response.headers_mut();
    if let Some(content_type) = content_type {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    for (name, value) in &reply.headers {
        set(headers, name, value);
    }
    response
}

/// The status, unless it is informational: an informational status precedes a final response.
fn final_status(status: u16) -> StatusCode {
    StatusCode::from_u16(status)
        .ok()
        .filter(|status| !status.is_informational())
        .unwrap_or(StatusCode::BAD_GATEWAY)
}

/// Sets a header; invalid headers and those that are not allowed are skipped.
fn set(headers: &mut HeaderMap, name: &str, value: &Value) {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::try_from(text))
        && ALLOWED.contains(&name)
    {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_sets_status_headers_and_body() {
        let response = replied(json!({ "status": 201, "headers": { "ETag": "\"1\"" }, "body": [1] }));
        assert_eq!(response.status(), StatusCode::CREATED);
        assert_eq!(response.headers()["etag"], "\"1\"");
        assert_eq!(response.headers()["content-type"], "application/json");
    }

    #[test]
    fn a_reply_sets_no_header_that_is_not_allowed() {
        let refused = [
            "set-cookie",
            "clear-site-data",
            "content-security-policy",
            "access-control-allow-origin",
            "strict-transport-security",
            "transfer-encoding",
            "content-length",
            "x-accel-redirect",
            "refresh",
        ];
        let headers: Map<String, Value> =
            refused.iter().map(|name| ((*name).to_owned(), json!("x"))).collect();
        assert!(replied(json!({ "headers": headers })).headers().is_empty());
    }

    #[test]
    fn text_is_plain_text_unless_a_header_says_otherwise() {
        assert_eq!(replied(json!({ "body": "x" })).headers()["content-type"], "text/plain; charset=utf-8");
        let html = replied(json!({ "headers": { "Content-Type": "text/html" }, "body": "x" }));
        assert_eq!(html.headers()["content-type"], "text/html");
        assert!(!replied(json!({ "status": 204 })).headers().contains_key("content-type"));
    }
}
