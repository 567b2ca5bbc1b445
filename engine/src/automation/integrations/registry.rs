//! The registry of integrations and their executable operations.

use std::{collections::HashMap, sync::Arc};

use triptych_services::automation::integrations::Catalog;

use super::{
    Native, Run,
    manifest::{self, Loaded, Runs},
    native,
};
use crate::automation::templates::Renderer;

/// An invalid integration.
#[derive(Debug, thiserror::Error)]
#[error("{integration}: {problem}")]
pub struct BadIntegration {
    pub integration: String,
    pub problem: String,
}

/// All integrations. Cheap to clone.
#[derive(Clone)]
pub struct Registry {
    catalog: Catalog,
    runs: Arc<HashMap<String, Runs>>,
}

impl Registry {
    /// The integrations that are part of the binary.
    ///
    /// # Errors
    /// The first manifest that is broken. The tests load all of them.
    pub fn builtin() -> Result<Self, BadIntegration> {
        Self::new(manifest::EMBEDDED, native())
    }

    fn new(manifests: &[(&str, &str)], native: Vec<Native>) -> Result<Self, BadIntegration> {
        let renderer = Arc::new(Renderer::new());
        let mut by_integration: HashMap<&str, Vec<Native>> = HashMap::new();
        for operation in native {
            by_integration.entry(operation.about.integration).or_default().push(operation);
        }
        let (mut integrations, mut runs) = (Vec::new(), HashMap::new());
        for (folder, text) in manifests {
            let native = by_integration.remove(folder).unwrap_or_default();
            let Loaded { integration, runs: own } = manifest::load(folder, text, native, &renderer)?;
            runs.insert(integration.key.clone(), own);
            integrations.push(integration);
        }
        if let Some(integration) = by_integration.into_keys().next() {
            let problem = "it has operations in Rust and no manifest".to_owned();
            return Err(BadIntegration { integration: integration.to_owned(), problem });
        }
        Ok(Self { catalog: Catalog::new(integrations), runs: Arc::new(runs) })
    }

    /// The descriptions of the integrations, for validation and the API.
    #[must_use]
    pub fn catalog(&self) -> Catalog {
        self.catalog.clone()
    }

    /// An executable operation; `None` for triggers, branches, AI steps and unknown operations.
    #[must_use]
    pub fn find(&self, integration: &str, operation: &str) -> Option<Arc<dyn Run>> {
        self.runs.get(integration)?.get(operation).cloned()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use triptych_entities::relational::automation::step::Kind;
    use triptych_services::automation::integrations::{Integration, Operation, Start};

    use super::*;

    fn each_operation(check: impl Fn(&Integration, &Operation, &str)) {
        let catalog = Registry::builtin().unwrap().catalog();
        let integrations = catalog.search(None);
        assert!(integrations.len() >= 12, "only {} integrations", integrations.len());
        for integration in integrations {
            assert!(!integration.operations.is_empty(), "{} has no operations", integration.key);
            for operation in &integration.operations {
                check(integration, operation, &format!("{}/{}", integration.key, operation.key));
            }
        }
    }

    #[test]
    fn every_operation_that_the_runtime_does_not_implement_is_executable() {
        let registry = Registry::builtin().unwrap();
        each_operation(|integration, operation, name| {
            let runs = registry.find(&integration.key, &operation.key).is_some();
            let expected = !matches!(operation.kind, Kind::Trigger | Kind::Ai | Kind::Branch);
            assert_eq!(runs, expected, "{name}");
            assert_eq!(operation.start.is_some(), operation.kind == Kind::Trigger, "{name}");
        });
        assert!(registry.find("http", "nothing").is_none());
        assert!(registry.find("nothing", "request").is_none());
    }

    #[test]
    fn triggers_declare_what_starts_them() {
        let catalog = Registry::builtin().unwrap().catalog();
        let start = |integration, operation| catalog.operation(integration, operation).unwrap().start.clone();
        assert!(matches!(start("webhook", "received"), Some(Start::Webhook(_))));
        assert!(matches!(start("schedule", "cron"), Some(Start::Schedule(_))));
        assert!(matches!(start("schedule", "every"), Some(Start::Schedule(_))));
        assert_eq!(start("http", "request"), None);
    }

    #[test]
    fn every_schema_is_closed_and_described_and_its_examples_are_valid() {
        each_operation(|integration, operation, name| {
            let parameters = operation.parameters.json();
            jsonschema::draft202012::meta::validate(&operation.output)
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            for schema in [parameters, &operation.output] {
                assert_eq!(schema["additionalProperties"], false, "{name}");
                check_properties(name, schema);
            }
            if let Some(credential) = &integration.credential {
                assert_eq!(credential.fields.json()["additionalProperties"], false, "{name}");
                check_properties(name, credential.fields.json());
            }
        });
    }

    fn check_properties(name: &str, schema: &Value) {
        let Some(properties) = schema["properties"].as_object() else { return };
        for (key, property) in properties {
            let name = format!("{name}.{key}");
            let described = ["description", "enum", "examples", "items"];
            assert!(described.iter().any(|field| property.get(field).is_some()), "{name} is not described");
            let examples = property["examples"].as_array().cloned().unwrap_or_default();
            for example in examples.iter().chain(property.get("default")) {
                assert!(jsonschema::is_valid(property, example), "{name}: {example} does not fit");
            }
            check_properties(&name, property);
        }
    }

    #[test]
    fn parameters_are_validated() {
        let catalog = Registry::builtin().unwrap().catalog();
        let fits = |integration: &str, operation: &str, parameters: Value| {
            catalog.operation(integration, operation).unwrap().parameters.check(&parameters, "p").is_empty()
        };
        assert!(fits("http", "request", json!({ "url": "https://example.com", "json": null })));
        assert!(!fits("http", "request", json!({ "url": "https://example.com", "json": 1, "body": "1" })));
        assert!(!fits("http", "request", json!({ "url": "https://example.com", "verb": "GET" })));
        assert!(!fits("http", "request", json!({ "url": "https://example.com", "method": "BREW" })));
        assert!(!fits("http", "request", json!({ "url": "https://example.com", "timeoutSeconds": 0 })));
        assert!(!fits("http", "request", json!({ "url": "https://example.com", "body": null })));
        assert!(fits("formatter", "text", json!({ "transform": "uppercase", "value": "a" })));
        assert!(!fits("formatter", "text", json!({ "transform": "replace", "value": "a" })));
        assert!(!fits("formatter", "number", json!({ "transform": "math", "value": 1 })));
        assert!(fits("formatter", "number", json!({ "transform": "random" })));
        assert!(fits("datastore", "set", json!({ "key": "a", "value": null, "scope": "organization" })));
        assert!(!fits("datastore", "get", json!({ "key": "" })));
        assert!(!fits("delay", "for", json!({ "seconds": -1 })));
        let condition = json!({ "value": null, "operator": "exists" });
        assert!(fits("filter", "continue_if", json!({ "conditions": [[condition]] })));
        assert!(!fits("filter", "continue_if", json!({ "conditions": [condition] })));
        assert!(!fits("filter", "continue_if", json!({ "conditions": [[]] })));
        assert!(fits("ai", "prompt", json!({ "model": "demo/echo", "prompt": "Hi" })));
        assert!(fits("respond", "reply", json!({})));
        assert!(fits("webhook", "received", json!({})));
        assert!(fits("schedule", "cron", json!({ "expression": "*/5 * * * *" })));
        assert!(!fits("schedule", "every", json!({ "seconds": 0 })));
    }

    #[test]
    fn parameters_keep_the_order_of_their_declaration() {
        let catalog = Registry::builtin().unwrap().catalog();
        for (integration, operation, expected) in [
            ("ntfy", "publish", ["server", "topic", "message"]),
            ("http", "request", ["method", "url", "headers"]),
        ] {
            let schema = catalog.operation(integration, operation).unwrap().parameters.json();
            let names: Vec<_> = schema["properties"].as_object().unwrap().keys().take(3).collect();
            assert_eq!(names, expected, "{integration}/{operation}");
        }
    }

    #[test]
    fn rust_without_a_manifest_is_refused() {
        let error = Registry::new(&[], native()).err().unwrap();
        assert!(error.problem.contains("no manifest"), "{error}");
    }
}
