//! What identifies the caller to the other side.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::automation::integrations::ActionError;

pub(super) fn schema() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "minProperties": 1,
        "not": { "required": ["bearerToken", "username"] },
        "dependentRequired": { "password": ["username"] },
        "properties": {
            "headers": {
                "type": "object",
                "additionalProperties": { "type": "string" },
                "description": "Headers to send, such as an API key.",
                "examples": [{ "x-api-key": "…" }]
            },
            "bearerToken": { "type": "string", "minLength": 1, "description": "Sent as a bearer token." },
            "username": { "type": "string", "minLength": 1, "description": "Sent with HTTP basic authentication." },
            "password": { "type": "string", "description": "Goes with `username`." }
        }
    })
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct Fields {
    headers: BTreeMap<String, String>,
    bearer_token: Option<String>,
    username: Option<String>,
    password: Option<String>,
}

/// The headers that a credential becomes, marked as secret.
pub(super) fn headers(credential: Option<&Value>) -> Result<HeaderMap, ActionError> {
    let mut headers = HeaderMap::new();
    let Some(credential) = credential else { return Ok(headers) };
    // The cause could quote the credential.
    let fields = Fields::deserialize(credential).map_err(|_| bad("it has fields of another kind"))?;
    for (name, value) in &fields.headers {
        let name =
            HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad("a header's name is not valid"))?;
        headers.insert(name, secret(value)?);
    }
    if let Some(token) = &fields.bearer_token {
        headers.insert(AUTHORIZATION, secret(&format!("Bearer {token}"))?);
    } else if let Some(username) = &fields.username {
        let password = fields.password.as_deref().unwrap_or_default();
        let pair = STANDARD.encode(format!("{username}:{password}"));
        headers.insert(AUTHORIZATION, secret(&format!("Basic {pair}"))?);
    }
    Ok(headers)
}

fn secret(value: &str) -> Result<HeaderValue, ActionError> {
    let mut value = HeaderValue::from_str(value).map_err(|_| bad("a value cannot stand in a header"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn bad(message: &str) -> ActionError {
    ActionError::permanent("BAD_CREDENTIAL", format!("the step's credential cannot be used: {message}"))
}
