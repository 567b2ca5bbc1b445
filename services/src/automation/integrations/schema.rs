//! JSON Schemas, compiled once. Step parameters are checked against them before and after templates are filled in.

use std::sync::Arc;

use jsonschema::{ValidationError, Validator, error::ValidationErrorKind};
use serde_json::Value;
use triptych_stores::error::Problem;

/// A value that is not a JSON Schema.
#[derive(Debug, thiserror::Error)]
#[error("not a JSON Schema: {0}")]
pub struct BrokenSchema(String);

/// A JSON Schema (draft 2020-12) with its compiled validator. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Schema {
    json: Arc<Value>,
    validator: Arc<Validator>,
}

impl Schema {
    /// Compiles a schema.
    ///
    /// # Errors
    /// If the value is not a schema.
    pub fn new(json: Value) -> Result<Self, BrokenSchema> {
        let validator =
            jsonschema::draft202012::new(&json).map_err(|error| BrokenSchema(error.to_string()))?;
        Ok(Self { json: Arc::new(json), validator: Arc::new(validator) })
    }

    #[must_use]
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// Validates a complete value and returns all problems. Paths start with `root`.
    #[must_use]
    pub fn check(&self, value: &Value, root: &str) -> Vec<Problem> {
        self.problems(value, root, |_| true)
    }

    /// The problems of the parameters of a draft. A string with a template can become any value, so it is not checked.
    /// Missing parameters are not reported.
    #[must_use]
    pub fn check_draft(&self, value: &Value, root: &str) -> Vec<Problem> {
        self.problems(value, root, |error| {
            !is_template(error) && !matches!(error.kind(), ValidationErrorKind::Required { .. })
        })
    }

    /// As [`Schema::check_draft`], and every required parameter must be present.
    #[must_use]
    pub fn check_complete(&self, value: &Value, root: &str) -> Vec<Problem> {
        self.problems(value, root, |error| !is_template(error))
    }

    fn problems(
        &self,
        value: &Value,
        root: &str,
        counts: impl Fn(&ValidationError<'_>) -> bool,
    ) -> Vec<Problem> {
        self.validator
            .iter_errors(value)
            .filter(|error| counts(error))
            .map(|error| Problem::new(path(root, &error), error.to_string()))
            .collect()
    }
}

/// Whether the error may disappear once templates are filled in.
fn is_template(error: &ValidationError<'_>) -> bool {
    match error.kind() {
        // Alternatives depend on the whole value, so a template anywhere in it can decide.
        ValidationErrorKind::AnyOf { .. }
        | ValidationErrorKind::OneOfNotValid { .. }
        | ValidationErrorKind::OneOfMultipleValid { .. } => contains_template(error.instance()),
        _ => error.instance().as_str().is_some_and(has_template),
    }
}

fn contains_template(value: &Value) -> bool {
    match value {
        Value::String(text) => has_template(text),
        Value::Array(items) => items.iter().any(contains_template),
        Value::Object(fields) => fields.values().any(contains_template),
        _ => false,
    }
}

fn has_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%")
}

/// The dotted path of the wrong value; of a missing property, where it would be.
fn path(root: &str, error: &ValidationError<'_>) -> String {
    let mut path = root.to_owned();
    for segment in error.instance_path().to_string().split('/').filter(|segment| !segment.is_empty()) {
        path.push('.');
        path.push_str(segment);
    }
    if let ValidationErrorKind::Required { property } = error.kind() {
        path.push('.');
        path.push_str(property.as_str().unwrap_or_default());
    }
    path
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema() -> Schema {
        Schema::new(json!({
            "type": "object",
            "required": ["name", "count"],
            "properties": { "name": { "type": "string" }, "count": { "type": "integer" } },
        }))
        .unwrap()
    }

    fn paths(problems: Vec<Problem>) -> Vec<String> {
        problems.into_iter().map(|problem| problem.path).collect()
    }

    #[test]
    fn drafts_may_lack_values_and_templates_are_not_type_checked() {
        let draft = json!({ "count": "{{ trigger.body.n }}" });
        assert_eq!(paths(schema().check(&draft, "p")), ["p.name", "p.count"]);
        assert_eq!(paths(schema().check_complete(&draft, "p")), ["p.name"]);
        assert!(schema().check_draft(&draft, "p").is_empty());
        assert_eq!(paths(schema().check_draft(&json!({ "count": "many" }), "p")), ["p.count"]);
    }

    #[test]
    fn an_invalid_schema_is_refused() {
        assert!(Schema::new(json!({ "type": "number", "minimum": "none" })).is_err());
    }
}
