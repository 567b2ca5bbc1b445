//! From parameters to the parts of a request.

use reqwest::{
    Method, Url,
    header::{CONNECTION, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING},
};
use serde_json::{Map, Value};
use triptych_entities::ids::ExecutionStepId;

use super::send::is_http;
use crate::automation::integrations::ActionError;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

pub const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

pub fn method(name: &str) -> Result<Method, ActionError> {
    let name = name.trim().to_ascii_uppercase();
    Method::from_bytes(name.as_bytes())
        .ok()
        .filter(|_| METHODS.contains(&name.as_str()))
        .ok_or_else(|| ActionError::bad_parameters(format!("`method` must be one of {}", METHODS.join(", "))))
}

pub fn url(text: &str) -> Result<Url, ActionError> {
    let url = Url::parse(text.trim())
        .map_err(|error| ActionError::bad_parameters(format!("`url` is not an address: {error}")))?;
    if !is_http(&url) {
        return Err(ActionError::bad_parameters("`url` must start with http:// or https://"));
    }
    Ok(url)
}

/// A list is repeated, null left out.
pub fn append_query(url: &mut Url, query: &Map<String, Value>) -> Result<(), ActionError> {
    if query.values().all(Value::is_null) {
        return Ok(());
    }
    let mut pairs = url.query_pairs_mut();
    for (name, value) in query {
        let values = match value {
            Value::Null => continue,
            Value::Array(values) => values.as_slice(),
            one => std::slice::from_ref(one),
        };
        for value in values {
            let text = scalar(value).ok_or_else(|| {
                ActionError::bad_parameters(format!("`query.{name}` must be text, a number or true/false"))
            })?;
            pairs.append_pair(name, &text);
        }
    }
    Ok(())
}

pub fn headers(given: &Map<String, Value>) -> Result<HeaderMap, ActionError> {
    let mut headers = HeaderMap::with_capacity(given.len() + 2);
    for (name, value) in given {
        let wrong =
            |what: &str| ActionError::bad_parameters(format!("the header `{}` {what}", name.escape_debug()));
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong("has no valid name"))?;
        // These describe the connection, which the client manages.
        if [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING].contains(&header) {
            return Err(wrong("cannot be set"));
        }
        let text = scalar(value).ok_or_else(|| wrong("must be text, a number or true/false"))?;
        let value = HeaderValue::from_str(&text).map_err(|_| wrong("has a value that no header can have"))?;
        headers.insert(header, value);
    }
    Ok(headers)
}

/// Every attempt at a step carries the same key.
pub fn idempotency_key(headers: &mut HeaderMap, step: ExecutionStepId) {
    if let Ok(key) = HeaderValue::from_str(&step.to_string()) {
        headers.entry(IDEMPOTENCY_KEY).or_insert(key);
    }
}

/// Adds a header that is not sent on to another host.
///
/// # Errors
/// `BAD_CREDENTIAL`, without quoting the value.
pub fn secret_header(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), ActionError> {
    let bad = |message: &str| {
        ActionError::permanent("BAD_CREDENTIAL", format!("the step's credential cannot be used: {message}"))
    };
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad("a header's name is not valid"))?;
    let mut value = HeaderValue::from_str(value).map_err(|_| bad("a value cannot stand in a header"))?;
    value.set_sensitive(true);
    headers.insert(name, value);
    Ok(())
}

pub fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}
