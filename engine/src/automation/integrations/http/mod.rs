//! `http`: HTTP requests to any address.

mod credential;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use triptych_entities::relational::automation::step::Kind;

use super::{About, Action, ActionError, ActionResult, Call, Credential, Outcome, Tools, derive, exchange};
use crate::outbound::Outbound;

/// Maximum duration of a request, with redirects and the body of the response.
const LONGEST_SECONDS: u32 = 300;
const DEFAULT_SECONDS: u32 = 30;

pub(super) struct Request;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("not" = { "required": ["json", "body"] }))]
pub(super) struct Parameters {
    /// The request method.
    #[serde(default = "get")]
    #[schemars(extend("enum" = exchange::METHODS))]
    method: String,
    /// The URL: `http` or `https`.
    #[schemars(length(min = 8, max = 8192), example = "https://example.com/orders?state=open")]
    url: String,
    /// Request headers.
    #[serde(default)]
    #[schemars(
        extend("additionalProperties" = { "type": ["string", "number", "boolean"] }),
        example = serde_json::json!({ "accept": "application/json" })
    )]
    headers: Map<String, Value>,
    /// Query parameters, added to the URL. A list is repeated, null is left out.
    #[serde(default)]
    #[schemars(
        extend("additionalProperties" = {
            "type": ["string", "number", "boolean", "null", "array"],
            "items": { "type": ["string", "number", "boolean"] }
        }),
        example = serde_json::json!({ "page": 2, "tag": ["a", "b"] })
    )]
    query: Map<String, Value>,
    /// The body, sent as JSON. Excludes `body`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(example = serde_json::json!({ "name": "{{ trigger.body.name }}" }))]
    json: Option<Value>,
    /// The body, sent unchanged; plain text unless `headers` has a `content-type`.
    #[schemars(example = "a=1&b=2")]
    body: Option<String>,
    /// Time limit of the whole exchange, in seconds.
    #[serde(default = "default_timeout")]
    #[schemars(range(max = LONGEST_SECONDS), extend("exclusiveMinimum" = 0, "default" = DEFAULT_SECONDS))]
    timeout_seconds: f64,
    /// Whether a status of 400 or above fails the step. If not, the answer is the output.
    #[serde(default = "yes")]
    fail_on_error: bool,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Answer {
    #[schemars(range(min = 100, max = 999), example = 200)]
    status: u16,
    /// Names in lower case; several values are joined by a comma.
    #[schemars(example = serde_json::json!({ "content-type": "application/json" }))]
    headers: BTreeMap<String, String>,
    /// Parsed if it is JSON, otherwise text; null if empty. At most 5 MiB.
    #[schemars(example = serde_json::json!({ "id": 7 }))]
    body: Value,
    /// Present if the body is binary, which is then encoded as base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<Encoding>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    Base64,
}

#[async_trait]
impl Action for Request {
    type Parameters = Parameters;
    type Output = Answer;

    const ABOUT: About = About {
        integration: "http",
        key: "request",
        name: "Send a request",
        description: "Sends a request and waits for the answer. Follows up to 5 redirects. Reaches public \
                      addresses, and others that the operator allows. All attempts have the \
                      same `Idempotency-Key` header. A status of 400 or above fails the step; 408, 425, 429 and 5xx \
                      are retried.",
        kind: Kind::Action,
    };

    async fn run(&self, parameters: Parameters, call: &Call<'_>, tools: &Tools) -> ActionResult<Answer> {
        perform(parameters, call, &tools.outbound, tools.clock.now()).await.map(Outcome::Done)
    }

    fn credential() -> Option<Value> {
        Some(derive::parameters::<credential::Fields>())
    }
}

fn get() -> String {
    "GET".to_owned()
}

fn default_timeout() -> f64 {
    f64::from(DEFAULT_SECONDS)
}

fn yes() -> bool {
    true
}

/// `null` is a body too.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

async fn perform(
    parameters: Parameters,
    call: &Call<'_>,
    outbound: &Outbound,
    now: DateTime<Utc>,
) -> Result<Answer, ActionError> {
    let timeout = timeout(parameters.timeout_seconds)?;
    let fail_on_error = parameters.fail_on_error;
    let request = request(call, parameters)?;
    if let Some(credential) = &call.credential {
        credential.admit(&request.url).await?;
    }
    let response = exchange::send(outbound, request, timeout).await?;
    if fail_on_error && response.status.as_u16() >= 400 {
        return Err(exchange::failure(&response, now));
    }
    let (body, is_base64) = exchange::body(&response);
    Ok(Answer {
        status: response.status.as_u16(),
        headers: exchange::answer_headers(&response.headers),
        body,
        encoding: is_base64.then_some(Encoding::Base64),
    })
}

fn timeout(seconds: f64) -> Result<Duration, ActionError> {
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|timeout| !timeout.is_zero() && *timeout <= Duration::from_secs(LONGEST_SECONDS.into()))
        .ok_or_else(|| {
            ActionError::bad_parameters(format!(
                "`timeoutSeconds` must be more than 0 and at most {LONGEST_SECONDS}"
            ))
        })
}

fn request(call: &Call<'_>, parameters: Parameters) -> Result<exchange::Request, ActionError> {
    let method = exchange::method(&parameters.method)?;
    let mut url = exchange::url(&parameters.url)?;
    exchange::append_query(&mut url, &parameters.query)?;
    let mut headers = exchange::headers(&parameters.headers)?;
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
    exchange::idempotency_key(&mut headers, call.execution_step);
    let secret = credential::headers(call.credential.as_ref().map(Credential::fields))?;
    Ok(exchange::Request { method, url, headers, secret, body })
}
