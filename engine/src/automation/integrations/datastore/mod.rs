//! `datastore`: values that flows store between runs.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use triptych_entities::relational::automation::step::Kind;
use triptych_services::{
    automation::datastore::Namespace,
    error::{Code, Coded as _, INTERNAL, StoreError, UNAVAILABLE},
};

use super::{About, Action, ActionError, ActionResult, Call, Outcome, Tools};

/// Maximum size of a value as JSON, in bytes.
const VALUE_LIMIT: usize = 1_048_576;
const KEY_LIMIT: usize = 255;

#[derive(Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Shared {
    #[default]
    Flow,
    Organization,
}

impl Shared {
    fn namespace(self, call: &Call<'_>) -> Namespace {
        match self {
            Self::Flow => Namespace::Flow(call.flow),
            Self::Organization => Namespace::Organization,
        }
    }
}

pub(super) struct Get;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GetParameters {
    /// The value's name, unique in its scope.
    #[schemars(length(min = 1, max = KEY_LIMIT), example = "last-order")]
    key: String,
    /// Whether the value belongs to this flow, or is shared by all flows of the organization.
    #[serde(default)]
    scope: Shared,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Found {
    /// The value's name.
    key: String,
    /// The value; null if there is none.
    value: Value,
}

#[async_trait]
impl Action for Get {
    type Parameters = GetParameters;
    type Output = Found;

    const ABOUT: About = About {
        integration: "datastore",
        key: "get",
        name: "Get a value",
        description: "Reads a stored value.",
        kind: Kind::Action,
    };

    async fn run(
        &self,
        GetParameters { key, scope }: GetParameters,
        call: &Call<'_>,
        tools: &Tools,
    ) -> ActionResult<Found> {
        check_key(&key)?;
        let value = tools.datastore.get(call.organization, scope.namespace(call), &key).await;
        let value = value.map_err(|error| failed(call, &error))?.unwrap_or_default();
        Ok(Outcome::Done(Found { key, value }))
    }
}

pub(super) struct Set;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SetParameters {
    /// The value's name, unique in its scope.
    #[schemars(length(min = 1, max = KEY_LIMIT), example = "last-order")]
    key: String,
    /// Any value, up to 1 MiB as JSON.
    #[schemars(example = "{{ trigger.body.id }}", example = json!({ "seen": true }))]
    value: Value,
    /// Whether the value belongs to this flow, or is shared by all flows of the organization.
    #[serde(default)]
    scope: Shared,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Stored {
    /// The value's name.
    key: String,
    /// The value that was stored.
    value: Value,
}

#[async_trait]
impl Action for Set {
    type Parameters = SetParameters;
    type Output = Stored;

    const ABOUT: About = About {
        integration: "datastore",
        key: "set",
        name: "Set a value",
        description: "Stores a value, in place of the one that was there.",
        kind: Kind::Action,
    };

    async fn run(
        &self,
        SetParameters { key, value, scope }: SetParameters,
        call: &Call<'_>,
        tools: &Tools,
    ) -> ActionResult<Stored> {
        check_key(&key)?;
        if value.to_string().len() > VALUE_LIMIT {
            return Err(ActionError::bad_parameters(format!(
                "`value` is larger than {VALUE_LIMIT} bytes of JSON"
            )));
        }
        let written =
            tools.datastore.set(call.organization, scope.namespace(call), &key, value.clone()).await;
        written.map_err(|error| failed(call, &error))?;
        Ok(Outcome::Done(Stored { key, value }))
    }
}

fn check_key(key: &str) -> Result<(), ActionError> {
    let length = key.chars().count();
    if length == 0 || length > KEY_LIMIT || key.contains('\0') {
        return Err(ActionError::bad_parameters(format!("`key` must have 1 to {KEY_LIMIT} characters")));
    }
    Ok(())
}

fn failed(call: &Call<'_>, error: &StoreError) -> ActionError {
    if error.code() == Code::Unavailable {
        return ActionError::temporary("UNAVAILABLE", UNAVAILABLE);
    }
    tracing::error!(%error, execution_step.id = %call.execution_step, "datastore access failed");
    ActionError::permanent("INTERNAL", INTERNAL)
}
