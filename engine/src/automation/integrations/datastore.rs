//! `datastore`: values that flows keep between runs.

use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};
use triptych_entities::relational::automation::step::Kind;
use triptych_services::{
    automation::{datastore::Scope, integrations::Operation},
    error::{Code, Coded as _, StoreError},
};

use super::{ActionError, Call, Definition, Outcome, Run, Tools};

/// In bytes of JSON.
const VALUE_LIMIT: usize = 1_048_576;
const KEY_LIMIT: usize = 255;

pub(super) fn definition() -> Definition {
    Definition {
        key: "datastore",
        name: "Datastore",
        description: "Keeps values between runs.",
        credential: None,
        operations: vec![(get(), Some(Arc::new(Get))), (set(), Some(Arc::new(Set)))],
    }
}

fn get() -> Operation {
    Operation {
        key: "get",
        name: "Get a value",
        description: "Reads a stored value.",
        kind: Kind::Action,
        parameters: json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["key"],
            "properties": { "key": key(), "scope": scope() }
        }),
        output: stored("The value; null if there is none."),
    }
}

fn set() -> Operation {
    Operation {
        key: "set",
        name: "Set a value",
        description: "Stores a value, in place of the one that was there.",
        kind: Kind::Action,
        parameters: json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["key", "value"],
            "properties": {
                "key": key(),
                "value": {
                    "description": "Anything, up to 1 MiB as JSON.",
                    "examples": ["{{ trigger.body.id }}", { "seen": true }]
                },
                "scope": scope()
            }
        }),
        output: stored("The value that was stored."),
    }
}

fn key() -> Value {
    json!({
        "type": "string",
        "minLength": 1,
        "maxLength": KEY_LIMIT,
        "description": "The value's name, unique in its scope.",
        "examples": ["last-order"]
    })
}

fn scope() -> Value {
    json!({
        "type": "string",
        "enum": ["flow", "organization"],
        "default": "flow",
        "description": "Whether the value is this flow's own, or shared by all flows of the organization."
    })
}

fn stored(value: &str) -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["key", "value"],
        "properties": {
            "key": { "type": "string" },
            "value": { "description": value }
        }
    })
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Shared {
    #[default]
    Flow,
    Organization,
}

impl Shared {
    fn scope(self, call: &Call<'_>) -> Scope {
        match self {
            Self::Flow => Scope::Flow(call.flow),
            Self::Organization => Scope::Organization,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GetParameters {
    key: String,
    #[serde(default)]
    scope: Shared,
}

struct Get;

#[async_trait]
impl Run for Get {
    async fn run(&self, call: &Call<'_>, tools: &Tools) -> Result<Outcome, ActionError> {
        let GetParameters { key, scope } = call.parameters()?;
        check_key(&key)?;
        let value = tools.datastore.get(call.organization, scope.scope(call), &key).await;
        Ok(Outcome::Done(json!({ "key": key, "value": value.map_err(|error| failed(&error))? })))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetParameters {
    key: String,
    #[serde(default)]
    value: Value,
    #[serde(default)]
    scope: Shared,
}

struct Set;

#[async_trait]
impl Run for Set {
    async fn run(&self, call: &Call<'_>, tools: &Tools) -> Result<Outcome, ActionError> {
        let SetParameters { key, value, scope } = call.parameters()?;
        check_key(&key)?;
        if value.to_string().len() > VALUE_LIMIT {
            return Err(ActionError::bad_parameters(format!(
                "`value` is larger than {VALUE_LIMIT} bytes of JSON"
            )));
        }
        let written = tools.datastore.set(call.organization, scope.scope(call), &key, value.clone()).await;
        written.map_err(|error| failed(&error))?;
        Ok(Outcome::Done(json!({ "key": key, "value": value })))
    }
}

fn check_key(key: &str) -> Result<(), ActionError> {
    let length = key.chars().count();
    if length == 0 || length > KEY_LIMIT || key.contains('\0') {
        return Err(ActionError::bad_parameters(format!("`key` must have 1 to {KEY_LIMIT} characters")));
    }
    Ok(())
}

fn failed(error: &StoreError) -> ActionError {
    if error.code() == Code::Unavailable {
        return ActionError::temporary("UNAVAILABLE", "the datastore did not answer");
    }
    tracing::error!(%error, "the datastore failed");
    ActionError::permanent("INTERNAL", "the datastore could not do this")
}
