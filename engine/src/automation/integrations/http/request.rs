//! `http/request`: from parameters to a request.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use reqwest::{
    Client, Method, Url,
    header::{
        CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING,
    },
};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::{DEFAULT_SECONDS, LONGEST_SECONDS, METHODS, answer, credential, send};
use crate::automation::integrations::{ActionError, Call, Outcome, Run, Tools};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

pub(super) struct Request;

#[async_trait]
impl Run for Request {
    async fn run(&self, call: &Call<'_>, tools: &Tools) -> Result<Outcome, ActionError> {
        perform(call, &tools.http, tools.mint.now()).await.map(Outcome::Done)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Parameters {
    #[serde(default = "get")]
    method: String,
    url: String,
    #[serde(default)]
    headers: Map<String, Value>,
    #[serde(default)]
    query: Map<String, Value>,
    #[serde(default, deserialize_with = "present")]
    json: Option<Value>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default = "default_timeout")]
    timeout_seconds: f64,
    #[serde(default = "yes")]
    fail_on_error: bool,
}

fn get() -> String {
    "GET".to_owned()
}

#[expect(clippy::cast_precision_loss, reason = "a few hundred seconds are exact")]
fn default_timeout() -> f64 {
    DEFAULT_SECONDS as f64
}

fn yes() -> bool {
    true
}

/// `null` is a body too.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

pub(super) async fn perform(
    call: &Call<'_>,
    client: &Client,
    now: DateTime<Utc>,
) -> Result<Value, ActionError> {
    let parameters: Parameters = call.parameters()?;
    let timeout = timeout(parameters.timeout_seconds)?;
    let fail_on_error = parameters.fail_on_error;
    let request = build(call, parameters)?;
    let response = tokio::time::timeout(timeout, send::send(client, request)).await.map_err(|_| {
        ActionError::temporary("TIMEOUT", format!("no whole answer within {} s", timeout.as_secs_f64()))
    })??;
    if fail_on_error && response.status.as_u16() >= 400 {
        return Err(answer::failure(&response, now));
    }
    Ok(answer::output(&response))
}

fn timeout(seconds: f64) -> Result<Duration, ActionError> {
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|timeout| !timeout.is_zero() && *timeout <= Duration::from_secs(LONGEST_SECONDS))
        .ok_or_else(|| {
            ActionError::bad_parameters(format!(
                "`timeoutSeconds` must be more than 0 and at most {LONGEST_SECONDS}"
            ))
        })
}

fn build(call: &Call<'_>, parameters: Parameters) -> Result<send::Request, ActionError> {
    let method = method(&parameters.method)?;
    let url = url(&parameters.url, &parameters.query)?;
    let mut headers = headers(&parameters.headers)?;
    let (body, content_type) = match (parameters.json, parameters.body) {
        (Some(_), Some(_)) => {
            return Err(ActionError::bad_parameters("give either `json` or `body`, not both"));
        }
        (Some(json), None) => (Some(json.to_string()), "application/json"),
        (None, Some(text)) => (Some(text), "text/plain; charset=utf-8"),
        (None, None) => (None, ""),
    };
    if body.is_some() {
        headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static(content_type));
    }
    if let Ok(key) = HeaderValue::from_str(&call.execution_step.to_string()) {
        headers.entry(IDEMPOTENCY_KEY).or_insert(key);
    }
    let secret = credential::headers(call.credential.as_ref())?;
    Ok(send::Request { method, url, headers, secret, body })
}

fn method(name: &str) -> Result<Method, ActionError> {
    let name = name.trim().to_ascii_uppercase();
    Method::from_bytes(name.as_bytes())
        .ok()
        .filter(|_| METHODS.contains(&name.as_str()))
        .ok_or_else(|| ActionError::bad_parameters(format!("`method` must be one of {}", METHODS.join(", "))))
}

fn url(text: &str, query: &Map<String, Value>) -> Result<Url, ActionError> {
    let mut url = Url::parse(text.trim())
        .map_err(|error| ActionError::bad_parameters(format!("`url` is not an address: {error}")))?;
    if !send::is_http(&url) {
        return Err(ActionError::bad_parameters("`url` must start with http:// or https://"));
    }
    if query.values().any(|value| !value.is_null()) {
        let mut pairs = url.query_pairs_mut();
        for (name, value) in query {
            let values = match value {
                Value::Null => continue,
                Value::Array(values) => values.as_slice(),
                one => std::slice::from_ref(one),
            };
            for value in values {
                let text = scalar(value).ok_or_else(|| {
                    ActionError::bad_parameters(format!(
                        "`query.{name}` must be text, a number or true/false"
                    ))
                })?;
                pairs.append_pair(name, &text);
            }
        }
    }
    Ok(url)
}

fn headers(given: &Map<String, Value>) -> Result<HeaderMap, ActionError> {
    let mut headers = HeaderMap::with_capacity(given.len() + 2);
    for (name, value) in given {
        let wrong =
            |what: &str| ActionError::bad_parameters(format!("the header `{}` {what}", name.escape_debug()));
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong("has no valid name"))?;
        // These describe the connection, which is not the flow's to describe.
        if [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING].contains(&header) {
            return Err(wrong("cannot be set"));
        }
        let text = scalar(value).ok_or_else(|| wrong("must be text, a number or true/false"))?;
        let value = HeaderValue::from_str(&text).map_err(|_| wrong("has a value that no header can have"))?;
        headers.insert(header, value);
    }
    Ok(headers)
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}
