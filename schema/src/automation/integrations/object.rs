//! The types of the catalogue.

use std::sync::Arc;

use async_graphql::{Json, Object, SimpleObject};
use serde_json::Value;
use triptych_entities::relational::automation::step::Kind;
use triptych_services::automation::integrations;

use crate::automation::flows::StepKind;

pub struct Integration(pub Arc<integrations::Integration>);

/// A service or tool that steps can use.
#[Object]
impl Integration {
    /// Stable and unique, such as `http`.
    async fn key(&self) -> &str {
        &self.0.key
    }

    /// Display name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What the integration does.
    async fn description(&self) -> &str {
        &self.0.description
    }

    /// The name of its icon in the Lucide icon set, such as `globe`.
    async fn icon(&self) -> &str {
        &self.0.icon
    }

    /// The credential that its operations take; null if they take none.
    async fn credential(&self) -> Option<CredentialKind> {
        self.0.credential.as_ref().map(Into::into)
    }

    /// The operations that start flows.
    async fn triggers(&self) -> Vec<Operation> {
        self.operations(|kind| kind == Kind::Trigger)
    }

    /// The operations that steps perform.
    async fn actions(&self) -> Vec<Operation> {
        self.operations(|kind| kind != Kind::Trigger)
    }
}

impl Integration {
    fn operations(&self, wanted: impl Fn(Kind) -> bool) -> Vec<Operation> {
        self.0.operations.iter().filter(|operation| wanted(operation.kind)).map(Into::into).collect()
    }
}

/// The kind of credential that an integration takes.
#[derive(SimpleObject)]
pub struct CredentialKind {
    /// What to enter, and where to find it.
    pub description: String,
    /// JSON Schema (draft 2020-12) of the secret fields.
    pub fields: Json<Value>,
    /// Whether the operations require a credential.
    pub required: bool,
}

impl From<&integrations::CredentialKind> for CredentialKind {
    fn from(kind: &integrations::CredentialKind) -> Self {
        Self {
            description: kind.description.clone(),
            fields: Json(kind.fields.json().clone()),
            required: kind.required,
        }
    }
}

/// An operation of an integration.
#[derive(SimpleObject)]
pub struct Operation {
    /// Unique within the integration, such as `request`.
    pub key: String,
    /// Display name.
    pub name: String,
    /// What it does.
    pub description: String,
    /// The kind of the steps that use it.
    pub kind: StepKind,
    /// JSON Schema (draft 2020-12) of the parameters.
    pub parameters: Json<Value>,
    /// JSON Schema (draft 2020-12) of the output.
    pub output: Json<Value>,
}

impl From<&integrations::Operation> for Operation {
    fn from(operation: &integrations::Operation) -> Self {
        Self {
            key: operation.key.clone(),
            name: operation.name.clone(),
            description: operation.description.clone(),
            kind: operation.kind.into(),
            parameters: Json(operation.parameters.json().clone()),
            output: Json(operation.output.clone()),
        }
    }
}
