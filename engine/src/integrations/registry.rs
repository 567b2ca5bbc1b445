//! Which integrations there are, and what runs them.

use std::{collections::HashMap, sync::Arc};

use triptych_services::integrations::{Catalog, CredentialKind, Integration, Operation};

use super::{Run, ai, branch, datastore, delay, filter, formatter, http, respond, schedule, webhook};

/// An integration: its description, and what runs each of its operations. Triggers and what the runtime does
/// itself have nothing to run.
pub struct Definition {
    pub key: &'static str,
    pub name: &'static str,
    pub description: &'static str,
    pub credential: Option<CredentialKind>,
    pub operations: Vec<(Operation, Option<Arc<dyn Run>>)>,
}

/// All integrations. Cheap to clone.
#[derive(Clone)]
pub struct Registry {
    catalog: Catalog,
    runs: Arc<HashMap<&'static str, HashMap<&'static str, Arc<dyn Run>>>>,
}

impl Registry {
    /// The integrations that come with Triptych.
    #[must_use]
    pub fn builtin() -> Self {
        Self::new(vec![
            ai::definition(),
            branch::definition(),
            datastore::definition(),
            delay::definition(),
            filter::definition(),
            formatter::definition(),
            http::definition(),
            respond::definition(),
            schedule::definition(),
            webhook::definition(),
        ])
    }

    /// These integrations. Of two with the same key, the later one runs.
    #[must_use]
    pub fn new(definitions: Vec<Definition>) -> Self {
        let mut integrations = Vec::with_capacity(definitions.len());
        let mut runs: HashMap<_, HashMap<_, _>> = HashMap::new();
        for definition in definitions {
            let mut operations = Vec::with_capacity(definition.operations.len());
            for (operation, run) in definition.operations {
                if let Some(run) = run {
                    runs.entry(definition.key).or_default().insert(operation.key, run);
                }
                operations.push(operation);
            }
            integrations.push(Integration {
                key: definition.key,
                name: definition.name,
                description: definition.description,
                credential: definition.credential,
                operations,
            });
        }
        Self { catalog: Catalog::new(integrations), runs: Arc::new(runs) }
    }

    /// What the validator and the API need to know.
    #[must_use]
    pub fn catalog(&self) -> Catalog {
        self.catalog.clone()
    }

    /// What runs an operation; nothing for triggers, for AI steps, and for what does not exist.
    #[must_use]
    pub fn find(&self, integration: &str, operation: &str) -> Option<Arc<dyn Run>> {
        self.runs.get(integration)?.get(operation).cloned()
    }
}
