//! The credential of `http`: headers that identify the sender.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::header::HeaderMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::automation::integrations::{ActionError, exchange};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend(
    "minProperties" = 1,
    "not" = { "required": ["bearerToken", "username"] },
    "dependentRequired" = { "password": ["username"] }
))]
pub(super) struct Fields {
    /// Headers to send, such as an API key.
    #[schemars(example = serde_json::json!({ "x-api-key": "…" }))]
    headers: Option<BTreeMap<String, String>>,
    /// Sent as a bearer token.
    #[schemars(length(min = 1))]
    bearer_token: Option<String>,
    /// Sent with HTTP basic authentication.
    #[schemars(length(min = 1))]
    username: Option<String>,
    /// Required with `username`.
    password: Option<String>,
}

/// The headers that a credential becomes, marked as secret.
pub(super) fn headers(credential: Option<&Value>) -> Result<HeaderMap, ActionError> {
    let mut headers = HeaderMap::new();
    let Some(credential) = credential else { return Ok(headers) };
    // The cause could quote the credential.
    let fields = Fields::deserialize(credential).map_err(|_| {
        ActionError::permanent("BAD_CREDENTIAL", "the step's credential cannot be used: it has other fields")
    })?;
    for (name, value) in fields.headers.iter().flatten() {
        exchange::secret_header(&mut headers, name, value)?;
    }
    if let Some(token) = &fields.bearer_token {
        exchange::secret_header(&mut headers, "authorization", &format!("Bearer {token}"))?;
    } else if let Some(username) = &fields.username {
        let password = fields.password.as_deref().unwrap_or_default();
        let pair = STANDARD.encode(format!("{username}:{password}"));
        exchange::secret_header(&mut headers, "authorization", &format!("Basic {pair}"))?;
    }
    Ok(headers)
}
