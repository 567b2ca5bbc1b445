//! The catalogue of integrations, as data: what the validator and the API need to know of them. What runs them
//! lives in `engine`, which hands the catalogue over at start.

use serde_json::Value;
use triptych_entities::relational::automation::step;

/// A service or tool that steps can use.
#[derive(Debug, Clone)]
pub struct Integration {
    /// Stable and unique: `http`.
    pub key: &'static str,
    pub name: &'static str,
    pub description: &'static str,
    /// The kind of credential its operations take, if any.
    pub credential: Option<CredentialKind>,
    pub operations: Vec<Operation>,
}

/// What a credential of an integration holds.
#[derive(Debug, Clone)]
pub struct CredentialKind {
    pub description: &'static str,
    /// A JSON Schema of the secret fields.
    pub fields: Value,
    pub required: bool,
}

/// One thing that an integration can do: start a flow, or be a step of it.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Unique within the integration: `request`.
    pub key: &'static str,
    pub name: &'static str,
    pub description: &'static str,
    pub kind: step::Kind,
    /// A JSON Schema (draft 2020-12) of the parameters, with templates filled in.
    pub parameters: Value,
    /// A JSON Schema of the output.
    pub output: Value,
}

/// All integrations, in order of their keys.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    integrations: Vec<Integration>,
}

impl Catalog {
    #[must_use]
    pub fn new(mut integrations: Vec<Integration>) -> Self {
        integrations.sort_by_key(|integration| integration.key);
        Self { integrations }
    }

    #[must_use]
    pub fn integration(&self, key: &str) -> Option<&Integration> {
        self.integrations.iter().find(|integration| integration.key == key)
    }

    #[must_use]
    pub fn operation(&self, integration: &str, operation: &str) -> Option<&Operation> {
        self.integration(integration)?.operations.iter().find(|candidate| candidate.key == operation)
    }

    /// Those whose key, name or description contains the text, whatever its case; all without one.
    #[must_use]
    pub fn search(&self, text: Option<&str>) -> Vec<&Integration> {
        let wanted = text.unwrap_or_default().trim().to_lowercase();
        self.integrations
            .iter()
            .filter(|integration| {
                [integration.key, integration.name, integration.description]
                    .iter()
                    .any(|field| field.to_lowercase().contains(&wanted))
            })
            .collect()
    }
}
