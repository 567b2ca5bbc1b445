//! Builders of steps and links, for `createFlow`.

use serde_json::{Value, json};

/// A step.
#[derive(Debug, Clone)]
pub struct Step(Value);

/// A step with an operation such as `http.request`. Its default key is the integration.
pub fn step(operation: &str) -> Step {
    let (integration, operation) = operation.split_once('.').expect("an integration and an operation");
    Step(json!({ "key": integration, "integration": integration, "operation": operation, "parameters": {} }))
}

/// A webhook trigger: the step `hook`.
pub fn hook() -> Step {
    step("webhook.received").key("hook")
}

/// A step that trims a text.
pub fn text(key: &str, value: &str) -> Step {
    transformed(key, "trim", value)
}

/// A step that transforms a text, such as by `uppercase`.
pub fn transformed(key: &str, transform: &str, value: &str) -> Step {
    step("formatter.text").key(key).parameters(json!({ "transform": transform, "value": value }))
}

/// A step that sends a GET request.
pub fn get(key: &str, url: &str) -> Step {
    step("http.request").key(key).parameters(json!({ "method": "GET", "url": url }))
}

/// A step that waits.
pub fn delay(key: &str, seconds: f64) -> Step {
    step("delay.for").key(key).parameters(json!({ "seconds": seconds }))
}

/// The steps of a flow.
pub fn steps(steps: impl IntoIterator<Item = Step>) -> Value {
    steps.into_iter().map(|step| step.0).collect()
}

/// A link that is followed after success.
pub fn link(from: &str, to: &str) -> Value {
    json!({ "from": from, "to": to })
}

impl Step {
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        self.with("key", json!(key))
    }

    #[must_use]
    pub fn parameters(self, parameters: Value) -> Self {
        self.with("parameters", parameters)
    }

    #[must_use]
    pub fn credential(self, id: &str) -> Self {
        self.with("credentialId", json!(id))
    }

    #[must_use]
    pub fn retry(self, retry: Value) -> Self {
        self.with("retry", retry)
    }

    /// Sets another field of `StepInput`.
    #[must_use]
    pub fn with(mut self, field: &str, value: Value) -> Self {
        self.0[field] = value;
        self
    }
}
