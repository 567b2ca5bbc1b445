//! The objects of the catalog of integrations.

use std::sync::Arc;

use async_graphql::{Json, Object};
use serde_json::Value;
use triptych_entities::relational::automation::step::Kind;
use triptych_services::automation::integrations;

use crate::{automation::flows::StepKind, output::Items};

pub struct Integration(pub Arc<integrations::Integration>);

/// A service or tool for steps.
#[Object(crate = "crate::output")]
impl Integration {
    /// Stable and unique, such as `http`.
    fn key(&self) -> &str {
        &self.0.key
    }

    /// Display name.
    fn name(&self) -> &str {
        &self.0.name
    }

    /// What the integration does.
    fn description(&self) -> &str {
        &self.0.description
    }

    /// The name of its icon in the Lucide icon set, such as `globe`.
    fn icon(&self) -> &str {
        &self.0.icon
    }

    /// The credential that its operations take; null if they take none.
    fn credential(&self) -> Option<CredentialKind<'_>> {
        self.0.credential.as_ref().map(CredentialKind)
    }

    /// The operations that start flows.
    fn triggers(&self) -> Items<Operation<'_>> {
        self.operations(|kind| kind == Kind::Trigger)
    }

    /// The operations that steps perform.
    fn actions(&self) -> Items<Operation<'_>> {
        self.operations(|kind| kind != Kind::Trigger)
    }
}

impl Integration {
    fn operations(&self, wanted: impl Fn(Kind) -> bool) -> Items<Operation<'_>> {
        self.0.operations.iter().filter(|operation| wanted(operation.kind)).map(Operation).collect()
    }
}

pub struct CredentialKind<'a>(&'a integrations::CredentialKind);

/// The kind of credential that an integration takes.
#[Object(crate = "crate::output")]
impl CredentialKind<'_> {
    /// What to enter, and where to find it.
    fn description(&self) -> &str {
        &self.0.description
    }

    /// JSON Schema (draft 2020-12) of the secret fields.
    fn fields(&self) -> Json<&Value> {
        Json(self.0.fields.json())
    }

    /// Whether the operations require a credential.
    fn required(&self) -> bool {
        self.0.required
    }
}

pub struct Operation<'a>(&'a integrations::Operation);

/// An operation of an integration.
#[Object(crate = "crate::output")]
impl Operation<'_> {
    /// Unique within the integration, such as `request`.
    fn key(&self) -> &str {
        &self.0.key
    }

    /// Display name.
    fn name(&self) -> &str {
        &self.0.name
    }

    /// What it does.
    fn description(&self) -> &str {
        &self.0.description
    }

    /// The kind of the steps that use it.
    fn kind(&self) -> StepKind {
        self.0.kind.into()
    }

    /// JSON Schema (draft 2020-12) of the parameters.
    fn parameters(&self) -> Json<&Value> {
        Json(self.0.parameters.json())
    }

    /// JSON Schema (draft 2020-12) of the output.
    fn output(&self) -> Json<&Value> {
        Json(&self.0.output)
    }
}
