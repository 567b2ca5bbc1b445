//! Step parameters against the JSON Schema of their operation, before and after templates are filled in.

use jsonschema::{ValidationError, error::ValidationErrorKind};
use serde_json::Value;
use triptych_stores::error::Problem;

/// Everything wrong with finished parameters.
#[must_use]
pub fn check(schema: &Value, parameters: &Value, root: &str) -> Vec<Problem> {
    problems(schema, parameters, root, |_| true)
}

/// Everything wrong with a draft's parameters. A string with a template in it may become anything, so it is
/// held against nothing. What is merely missing is wrong only once the flow is to run.
#[must_use]
pub fn check_draft(schema: &Value, parameters: &Value, root: &str) -> Vec<Problem> {
    problems(schema, parameters, root, |error| {
        !is_template(error) && !matches!(error.kind(), ValidationErrorKind::Required { .. })
    })
}

/// As [`check_draft`], and nothing required may be missing.
#[must_use]
pub fn check_complete(schema: &Value, parameters: &Value, root: &str) -> Vec<Problem> {
    problems(schema, parameters, root, |error| !is_template(error))
}

/// Whether the error may go away once templates are filled in.
fn is_template(error: &ValidationError<'_>) -> bool {
    match error.kind() {
        // The alternatives look inside the value, so a template anywhere in it may decide.
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

fn problems(
    schema: &Value,
    parameters: &Value,
    root: &str,
    counts: impl Fn(&ValidationError<'_>) -> bool,
) -> Vec<Problem> {
    let validator = match jsonschema::validator_for(schema) {
        Ok(validator) => validator,
        Err(error) => return vec![Problem::new(root, format!("the operation's schema is broken: {error}"))],
    };
    validator
        .iter_errors(parameters)
        .filter(|error| counts(error))
        .map(|error| Problem::new(path(root, &error), error.to_string()))
        .collect()
}

/// The dotted path to what is wrong; for a missing property, to where it should be.
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
