//! Integrations and their operations, by key.

use std::sync::Arc;

use serde_json::Value;
use triptych_entities::relational::automation::step;

use super::{Schema, Start};

/// A service or tool that steps can use.
#[derive(Debug, Clone)]
pub struct Integration {
    /// Stable and unique: `http`.
    pub key: String,
    pub name: String,
    pub description: String,
    /// The name of an icon in the Lucide set: `globe`.
    pub icon: String,
    /// The kind of credential its operations take, if any.
    pub credential: Option<CredentialKind>,
    pub operations: Vec<Operation>,
}

/// The kind of credential that an integration takes.
#[derive(Debug, Clone)]
pub struct CredentialKind {
    pub description: String,
    /// The secret fields.
    pub fields: Schema,
    pub required: bool,
}

/// An operation: a trigger that starts flows, or an action of a step.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Unique within the integration: `request`.
    pub key: String,
    pub name: String,
    pub description: String,
    pub kind: step::Kind,
    /// What starts flows with this operation; only of triggers.
    pub start: Option<Start>,
    /// The parameters, with templates filled in.
    pub parameters: Schema,
    /// A JSON Schema (draft 2020-12) of the output.
    pub output: Value,
}

/// All integrations, in order of their keys. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    integrations: Arc<[Arc<Integration>]>,
}

impl Catalog {
    #[must_use]
    pub fn new(mut integrations: Vec<Integration>) -> Self {
        integrations.sort_by(|a, b| a.key.cmp(&b.key));
        Self { integrations: integrations.into_iter().map(Arc::new).collect() }
    }

    #[must_use]
    pub fn integration(&self, key: &str) -> Option<&Arc<Integration>> {
        let found = self.integrations.binary_search_by(|candidate| candidate.key.as_str().cmp(key));
        found.ok().and_then(|index| self.integrations.get(index))
    }

    #[must_use]
    pub fn operation(&self, integration: &str, operation: &str) -> Option<&Operation> {
        self.integration(integration)?.operations.iter().find(|candidate| candidate.key == operation)
    }

    /// What starts flows with this step; `None` for a step that is no trigger or whose operation no longer exists.
    #[must_use]
    pub fn start(&self, step: &step::Model) -> Option<&Start> {
        self.operation(&step.integration, &step.operation)?.start.as_ref()
    }

    /// The integrations whose key, name or description contains the text (case-insensitive), or all integrations.
    #[must_use]
    pub fn search(&self, text: Option<&str>) -> Vec<&Arc<Integration>> {
        let wanted = text.unwrap_or_default().trim().to_lowercase();
        self.integrations
            .iter()
            .filter(|integration| {
                [&integration.key, &integration.name, &integration.description]
                    .iter()
                    .any(|field| field.to_lowercase().contains(&wanted))
            })
            .collect()
    }
}
