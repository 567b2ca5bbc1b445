//! From an answer to the parts of a step's output, or to its error.

use std::{collections::BTreeMap, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use serde_json::Value;

use super::send::Response;
use triptych_services::storable::clean;

use crate::automation::integrations::ActionError;

/// How much of a failed answer's body an error quotes, in characters.
const QUOTE: usize = 500;
/// The longest that the other side can put off the next attempt.
const LONGEST_WAIT: Duration = Duration::from_hours(1);

/// The error that a status from 400 on is.
pub fn failure(response: &Response, now: DateTime<Utc>) -> ActionError {
    let status = response.status;
    let quote = quote(&String::from_utf8_lossy(&response.body));
    let separator = if quote.is_empty() { "" } else { ": " };
    ActionError {
        code: "HTTP_STATUS".into(),
        message: format!("{} answered {status}{separator}{quote}", response.host),
        retryable: matches!(status.as_u16(), 408 | 425 | 429) || status.is_server_error(),
        retry_after: retry_after(&response.headers, now),
    }
}

/// The beginning of a text, for an error's message.
pub fn quote(text: &str) -> String {
    text.trim().chars().filter(|character| *character != '\0').take(QUOTE).collect()
}

/// The wait that the `retry-after` header requests, in seconds or until a date; one hour at most.
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

/// A wait in seconds, made acceptable: not negative, one hour at most.
pub fn wait_from(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds.max(0.0)).ok().map(|wait| wait.min(LONGEST_WAIT))
}

/// Names are in lower case; several values are joined by a comma.
pub fn headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    let joined = headers.keys().map(|name| {
        let values: Vec<_> =
            headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        (name.as_str().to_owned(), values.join(", "))
    });
    joined.collect()
}

/// The body as a value, and whether that is the bytes as base64.
pub fn body(response: &Response) -> (Value, bool) {
    let Response { headers, body: bytes, .. } = response;
    if bytes.is_empty() {
        return (Value::Null, false);
    }
    if is_json(headers)
        && let Ok(mut value) = serde_json::from_slice::<Value>(bytes)
    {
        clean(&mut value);
        return (value, false);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => (Value::String(text.to_owned()), false),
        _ => (Value::String(STANDARD.encode(bytes)), true),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || essence == "text/json" || essence.ends_with("+json")
}
