//! Filling in the templates of a manifest.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::Request;
use crate::{
    automation::{
        integrations::{ActionError, exchange::scalar},
        templates::{Missing, Renderer, Scope},
    },
    compute::Deadline,
};

/// What the templates of a manifest see: `parameters` and `credential`.
pub(super) struct Fill {
    renderer: Arc<Renderer>,
    scope: Scope,
}

impl Fill {
    pub(super) fn new(renderer: Arc<Renderer>, parameters: Value, credential: Option<Value>) -> Self {
        let parts = [("parameters", parameters), ("credential", credential.unwrap_or_default())];
        Self { renderer, scope: Scope::named(parts) }
    }

    /// A string that is one template becomes its value. Null where a parameter is absent.
    pub(super) fn value(&self, template: &Value) -> Result<Value, ActionError> {
        match template {
            Value::Object(fields) => self.fields(fields).map(Value::Object),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            leaf => Ok(self.renderer.render_with(leaf, &self.scope, Missing::IsNull, Deadline::fresh())?),
        }
    }

    /// Without those that come out as null. Nulls inside a parameter's value stay.
    pub(super) fn fields(&self, templates: &Map<String, Value>) -> Result<Map<String, Value>, ActionError> {
        let mut fields = Map::with_capacity(templates.len());
        for (name, template) in templates {
            let value = self.value(template)?;
            if !value.is_null() {
                fields.insert(name.clone(), value);
            }
        }
        Ok(fields)
    }

    pub(super) fn text(&self, template: &str) -> Result<String, ActionError> {
        let value = self.value(&Value::String(template.to_owned()))?;
        scalar(&value).ok_or_else(|| ActionError::bad_parameters(format!("`{template}` is not text")))
    }

    /// One segment of a path.
    pub(super) fn segment(&self, template: &str) -> Result<String, ActionError> {
        let text = self.text(template)?;
        // These would address another resource than the one that the path names.
        if matches!(text.as_str(), "" | "." | "..") {
            return Err(ActionError::bad_parameters(format!("`{template}` must not be empty, `.` or `..`")));
        }
        Ok(text)
    }
}

impl Request {
    /// The segments of the path. A slash inside a template does not separate.
    pub(super) fn segments(&self) -> Vec<&str> {
        let mut segments = Vec::new();
        let (mut start, mut depth) = (0, 0_usize);
        for (at, character) in self.path.char_indices() {
            match character {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                '/' if depth == 0 => {
                    segments.push(&self.path[start..at]);
                    start = at + 1;
                }
                _ => {}
            }
        }
        segments.push(&self.path[start..]);
        segments.retain(|segment| !segment.is_empty());
        segments
    }
}
