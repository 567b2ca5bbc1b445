//! Fills in templates.

use std::io::{self, Write};

use minijinja::Environment;
use serde_json::{Map, Value};

use triptych_services::storable::storable;

use super::{Renderer, Scope, TOTAL_LIMIT, TemplateError, VALUE_LIMIT, check::too_long, json, source};
use crate::compute::Deadline;

/// The treatment of missing values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// The step fails, unless the template has a `default`.
    Fails,
    /// It is null. For operations that test values which may be missing, such as filters.
    IsNull,
}

impl Renderer {
    /// Fills in every template in the parameters. A string that is exactly one `{{ … }}` becomes that value, with
    /// its type; in a longer text, lists and objects are printed as JSON, and null as nothing. Keys of objects are
    /// not rendered.
    ///
    /// # Errors
    /// For the first template that cannot be filled in; see [`TemplateError`].
    pub fn render(&self, parameters: &Value, scope: &Scope) -> Result<Value, TemplateError> {
        self.render_with(parameters, scope, Missing::Fails, Deadline::fresh())
    }

    /// As [`Renderer::render`], with a choice of how missing values are treated. No template is begun after the deadline.
    ///
    /// # Errors
    /// As [`Renderer::render`].
    pub fn render_with(
        &self,
        parameters: &Value,
        scope: &Scope,
        missing: Missing,
        deadline: Deadline,
    ) -> Result<Value, TemplateError> {
        let mut walk = Walk { renderer: self, scope, missing, deadline, left: TOTAL_LIMIT };
        walk.value(parameters, "")
    }

    /// Whether a branch's condition holds: `trigger.body.n > 3`, with or without `{{ }}` around it. Empty texts, lists
    /// and objects, zero, null and false are false; every other value is true.
    ///
    /// # Errors
    /// If the condition cannot be read or refers to what is missing; see [`TemplateError`].
    pub fn evaluate_condition(&self, expression: &str, scope: &Scope) -> Result<bool, TemplateError> {
        let code = condition_code(expression);
        if source::is_code_too_long(code) {
            return Err(TemplateError::from_engine(&too_long(), "", code));
        }
        let environment = self.environment(code, Missing::Fails);
        let failed = |error: &minijinja::Error| TemplateError::from_engine(error, "", code);
        let compiled = environment.compile_expression(code).map_err(|error| failed(&error))?;
        let value = compiled.eval(scope.root()).map_err(|error| failed(&error))?;
        if value.is_undefined() {
            return Err(TemplateError::Missing { path: String::new(), expression: code.to_owned() });
        }
        Ok(value.is_true())
    }

    fn environment(&self, source: &str, missing: Missing) -> &Environment<'static> {
        match missing {
            Missing::IsNull => &self.lenient,
            Missing::Fails if source::catches_missing(source) => &self.catching,
            Missing::Fails => &self.strict,
        }
    }
}

/// The expression of a condition, without the optional braces.
pub(super) fn condition_code(expression: &str) -> &str {
    let text = expression.trim();
    source::inside(text).unwrap_or(text).trim()
}

struct Walk<'a> {
    renderer: &'a Renderer,
    scope: &'a Scope,
    missing: Missing,
    deadline: Deadline,
    /// What is left of [`TOTAL_LIMIT`].
    left: usize,
}

impl Walk<'_> {
    fn value(&mut self, value: &Value, path: &str) -> Result<Value, TemplateError> {
        match value {
            Value::String(text) if source::is_template(text) => {
                let too_much = |_| TemplateError::TooMuchWork { path: path.to_owned() };
                self.deadline.check().map_err(too_much)?;
                let filled = self.template(text, path)?;
                let size = size_within(&filled, VALUE_LIMIT.min(self.left))
                    .ok_or_else(|| TemplateError::TooLarge { path: path.to_owned() })?;
                self.left -= size;
                if !storable(&filled) {
                    return Err(TemplateError::Failed {
                        path: path.to_owned(),
                        expression: text.clone(),
                        message: "the result contains the character U+0000".to_owned(),
                    });
                }
                Ok(filled)
            }
            Value::Array(items) => items
                .iter()
                .enumerate()
                .map(|(index, item)| self.value(item, &join(path, &index.to_string())))
                .collect(),
            Value::Object(fields) => fields
                .iter()
                .map(|(key, field)| Ok((key.clone(), self.value(field, &join(path, key))?)))
                .collect::<Result<Map<_, _>, _>>()
                .map(Value::Object),
            other => Ok(other.clone()),
        }
    }

    fn template(&self, text: &str, path: &str) -> Result<Value, TemplateError> {
        if source::is_too_long(text) {
            return Err(TemplateError::from_engine(&too_long(), path, text));
        }
        let environment = self.renderer.environment(text, self.missing);
        if let Some(code) = source::inside(text)
            && let Ok(expression) = environment.compile_expression(code)
        {
            let value = expression
                .eval(self.scope.root())
                .map_err(|error| TemplateError::from_engine(&error, path, code))?;
            return match self.missing {
                Missing::Fails if value.is_undefined() => {
                    Err(TemplateError::Missing { path: path.to_owned(), expression: code.trim().to_owned() })
                }
                _ if value.is_undefined() => Ok(Value::Null),
                _ => json::of(&value).map_err(|error| TemplateError::from_engine(&error, path, code)),
            };
        }
        environment
            .render_str(text, self.scope.root())
            .map(Value::String)
            .map_err(|error| TemplateError::from_engine(&error, path, text))
    }
}

pub(super) fn join(path: &str, next: &str) -> String {
    if path.is_empty() { next.to_owned() } else { format!("{path}.{next}") }
}

/// The size of a value as JSON, if it is within the limit.
fn size_within(value: &Value, limit: usize) -> Option<usize> {
    struct Count {
        size: usize,
        limit: usize,
    }
    impl Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.size += bytes.len();
            if self.size > self.limit { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes.len()) }
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count { size: 0, limit };
    serde_json::to_writer(&mut count, value).ok().map(|()| count.size)
}
