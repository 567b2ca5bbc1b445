//! From an answer to an output, or to an error by the manifest's rules.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::{ErrorRule, RetryAfter, Service, WaitUnit};
use crate::automation::integrations::{ActionError, exchange};

/// The error that an answer is, if it is one.
pub(super) fn error(
    service: &Service,
    rules: &[ErrorRule],
    response: &exchange::Response,
    body: &Value,
    now: DateTime<Utc>,
) -> Option<ActionError> {
    let status = response.status.as_u16();
    let rule = rules.iter().find(|rule| fits(rule, status, body));
    if rule.is_none() && status < 400 {
        return None;
    }
    let mut error = exchange::failure(response, now);
    if let Some(message) = service.error_message.as_deref().and_then(|at| body.pointer(at)?.as_str()) {
        error.message =
            format!("{} answered {}: {}", response.host, response.status, exchange::quote(message));
    }
    if let Some(rule) = rule {
        error.code = rule.code.clone().into();
        error.retryable = rule.retryable;
    }
    error.retry_after = wait(&service.retry_after, response, body, now).or(error.retry_after);
    Some(error)
}

fn fits(rule: &ErrorRule, status: u16, body: &Value) -> bool {
    let fits_status =
        if rule.status.is_empty() { !rule.body.is_empty() } else { rule.status.contains(&status) };
    fits_status && rule.body.iter().all(|(at, value)| body.pointer(at) == Some(value))
}

/// The wait that the service requests in the way that the manifest declares.
fn wait(
    rule: &RetryAfter,
    response: &exchange::Response,
    body: &Value,
    now: DateTime<Utc>,
) -> Option<Duration> {
    let header =
        rule.header.as_ref().and_then(|name| response.headers.get(name)?.to_str().ok()?.trim().parse().ok());
    let number: f64 = header.or_else(|| body.pointer(rule.body.as_deref()?)?.as_f64())?;
    exchange::wait_from(match rule.unit {
        WaitUnit::Seconds => number,
        WaitUnit::Milliseconds => number / 1000.0,
        #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are exact in 52 bits")]
        WaitUnit::Epoch => number - now.timestamp() as f64,
    })
}

/// The part of an answer that its schema declares. Services add fields at any time; an output has those that are
/// described and no others.
pub(super) fn project(schema: &Map<String, Value>, value: Value) -> Value {
    match value {
        Value::Object(fields) => match schema.get("properties") {
            Some(Value::Object(properties)) => {
                let kept = fields.into_iter().filter_map(|(name, value)| {
                    let value = match properties.get(&name)? {
                        Value::Object(schema) => project(schema, value),
                        _ => value,
                    };
                    Some((name, value))
                });
                Value::Object(kept.collect())
            }
            _ => Value::Object(fields),
        },
        Value::Array(items) => match schema.get("items") {
            Some(Value::Object(schema)) => items.into_iter().map(|item| project(schema, item)).collect(),
            _ => Value::Array(items),
        },
        plain => plain,
    }
}

/// # Errors
/// `BAD_RESPONSE` for an answer that is no object.
pub(super) fn output(schema: &Map<String, Value>, value: Value, host: &str) -> Result<Value, ActionError> {
    match value {
        // The manifest declares no output.
        Value::Null if !schema.contains_key("required") => Ok(Value::Object(Map::new())),
        Value::Object(_) => Ok(project(schema, value)),
        _ => Err(bad_response(host, "an answer that is no JSON object")),
    }
}

pub(super) fn bad_response(host: &str, what: &str) -> ActionError {
    ActionError::permanent("BAD_RESPONSE", format!("{host} sent {what}"))
}
