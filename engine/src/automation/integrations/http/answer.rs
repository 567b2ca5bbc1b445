//! From an answer to a step's output, or to its error.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use serde_json::{Map, Value, json};

use super::send::Response;
use triptych_services::storable::storable;

use crate::automation::integrations::ActionError;

/// How much of a failed answer's body an error quotes, in characters.
const QUOTE: usize = 500;
/// The longest that the other side can put off the next attempt.
const LONGEST_WAIT: Duration = Duration::from_hours(1);

pub(super) fn output(response: &Response) -> Value {
    let (body, encoding) = body(&response.headers, &response.body);
    let mut output = Map::new();
    output.insert("status".to_owned(), json!(response.status.as_u16()));
    output.insert("headers".to_owned(), headers(&response.headers));
    output.insert("body".to_owned(), body);
    if let Some(encoding) = encoding {
        output.insert("encoding".to_owned(), json!(encoding));
    }
    Value::Object(output)
}

/// The error that a status from 400 on is.
pub(super) fn failure(response: &Response, now: DateTime<Utc>) -> ActionError {
    let status = response.status;
    let text = String::from_utf8_lossy(&response.body);
    let quote: String = text.trim().chars().filter(|character| *character != '\0').take(QUOTE).collect();
    let separator = if quote.is_empty() { "" } else { ": " };
    ActionError {
        code: "HTTP_STATUS".into(),
        message: format!("{} answered {status}{separator}{quote}", response.host),
        retryable: matches!(status.as_u16(), 408 | 425 | 429) || status.is_server_error(),
        retry_after: retry_after(&response.headers, now),
    }
}

/// Seconds or a date.
fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = if let Ok(seconds) = text.parse() {
        Duration::from_secs(seconds)
    } else {
        let date = DateTime::parse_from_rfc2822(text).ok()?;
        (date.with_timezone(&Utc) - now).to_std().unwrap_or_default()
    };
    Some(wait.min(LONGEST_WAIT))
}

fn headers(headers: &HeaderMap) -> Value {
    let named = headers.keys().map(|name| {
        let values: Vec<_> =
            headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        (name.as_str().to_owned(), Value::String(values.join(", ")))
    });
    Value::Object(named.collect())
}

fn body(headers: &HeaderMap, bytes: &[u8]) -> (Value, Option<&'static str>) {
    if bytes.is_empty() {
        return (Value::Null, None);
    }
    if is_json(headers)
        && let Ok(value) = serde_json::from_slice::<Value>(bytes)
        && storable(&value)
    {
        return (value, None);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => (Value::String(text.to_owned()), None),
        _ => (Value::String(STANDARD.encode(bytes)), Some("base64")),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || essence == "text/json" || essence.ends_with("+json")
}
