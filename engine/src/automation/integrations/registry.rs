//! Which integrations there are, and what runs them.

use std::{collections::HashMap, sync::Arc};

use triptych_services::automation::integrations::{Catalog, CredentialKind, Integration, Operation};

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

/// What runs the operations of one integration, by their keys.
type Runs = HashMap<&'static str, Arc<dyn Run>>;

/// All integrations. Cheap to clone.
#[derive(Clone)]
pub struct Registry {
    catalog: Catalog,
    runs: Arc<HashMap<&'static str, Runs>>,
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
        let mut runs: HashMap<_, Runs> = HashMap::new();
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use triptych_entities::relational::automation::step::Kind;

    use super::*;

    fn operations(catalog: &Catalog) -> impl Iterator<Item = (&Integration, &Operation)> {
        let all = catalog.search(None);
        all.into_iter()
            .flat_map(|integration| integration.operations.iter().map(move |one| (integration, one)))
    }

    #[test]
    fn every_step_but_triggers_and_ai_has_something_to_run() {
        let registry = Registry::builtin();
        let catalog = registry.catalog();
        for (integration, operation) in operations(&catalog) {
            let runs = registry.find(integration.key, operation.key).is_some();
            let expected = !matches!(operation.kind, Kind::Trigger | Kind::Ai);
            assert_eq!(runs, expected, "{}/{}", integration.key, operation.key);
        }
        assert!(registry.find("http", "nothing").is_none());
        assert!(registry.find("nothing", "request").is_none());
    }

    #[test]
    fn every_schema_is_valid_closed_and_described() {
        let catalog = Registry::builtin().catalog();
        for (integration, operation) in operations(&catalog) {
            let name = format!("{}/{}", integration.key, operation.key);
            for schema in [&operation.parameters, &operation.output] {
                jsonschema::draft202012::meta::validate(schema)
                    .unwrap_or_else(|error| panic!("{name}: {error}"));
                assert_eq!(schema["additionalProperties"], false, "{name}");
            }
            check_properties(&name, &operation.parameters);
            if let Some(credential) = &integration.credential {
                jsonschema::draft202012::meta::validate(&credential.fields).unwrap();
            }
        }
    }

    fn check_properties(name: &str, schema: &Value) {
        let Some(properties) = schema["properties"].as_object() else { return };
        for (key, property) in properties {
            let name = format!("{name}.{key}");
            let described = property.get("description").is_some() || property.get("enum").is_some();
            assert!(
                described || property.get("examples").is_some() || property.get("items").is_some(),
                "{name}"
            );
            let examples = property["examples"].as_array().cloned().unwrap_or_default();
            for example in examples.iter().chain(property.get("default")) {
                assert!(jsonschema::is_valid(property, example), "{name}: {example} does not fit");
            }
            check_properties(&name, property);
        }
    }

    #[test]
    fn parameters_fit_or_do_not() {
        let catalog = Registry::builtin().catalog();
        let fits = |integration: &str, operation: &str, parameters: Value| {
            let schema = &catalog.operation(integration, operation).unwrap().parameters;
            jsonschema::is_valid(schema, &parameters)
        };
        assert!(fits("http", "request", json!({ "url": "https://example.com", "json": null })));
        assert!(!fits("http", "request", json!({ "url": "https://example.com", "json": 1, "body": "1" })));
        assert!(!fits("http", "request", json!({ "url": "https://example.com", "verb": "GET" })));
        assert!(fits("formatter", "text", json!({ "transform": "uppercase", "value": "a" })));
        assert!(!fits("formatter", "text", json!({ "transform": "replace", "value": "a" })));
        assert!(!fits("formatter", "number", json!({ "transform": "math", "value": 1 })));
        assert!(fits("formatter", "number", json!({ "transform": "random" })));
        assert!(fits("datastore", "set", json!({ "key": "a", "value": null, "scope": "organization" })));
        assert!(!fits("delay", "for", json!({ "seconds": -1 })));
        let condition = json!({ "value": null, "operator": "exists" });
        assert!(fits("filter", "continue_if", json!({ "conditions": [[condition]] })));
        assert!(!fits("filter", "continue_if", json!({ "conditions": [condition] })));
        assert!(fits("ai", "prompt", json!({ "model": "demo/echo", "prompt": "Hi" })));
        assert!(fits("respond", "reply", json!({})));
        assert!(fits("webhook", "received", json!({})));
        assert!(fits("schedule", "cron", json!({ "expression": "*/5 * * * *" })));
    }
}
