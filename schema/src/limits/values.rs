//! The size of the values of arguments, with variables filled in. Each use of a variable copies its value, so that a
//! short document multiplies a large variable.

use std::collections::HashMap;

use async_graphql::parser::types::{Field, OperationDefinition};
use async_graphql_value::{ConstValue, Value};
use serde_json::Value as Json;

/// The variables of a request as they came: a request that is refused is not worth their conversion.
pub(crate) type Variables = serde_json::Map<String, Json>;

/// The value of a variable.
#[derive(Clone, Copy)]
enum Filled<'a> {
    Given(&'a Json),
    Default(&'a ConstValue),
}

/// Bytes of a text that count as one value.
const TEXT: usize = 64;

/// The variables of an operation.
pub(super) struct Arguments<'a> {
    variables: &'a Variables,
    defaults: HashMap<&'a str, &'a ConstValue>,
    /// The size of each variable that was used.
    sizes: HashMap<&'a str, usize>,
}

impl<'a> Arguments<'a> {
    pub(super) fn of(operation: &'a OperationDefinition, variables: &'a Variables) -> Self {
        let definitions = operation.variable_definitions.iter();
        let defaults = definitions.filter_map(|definition| {
            let default = definition.node.default_value.as_ref()?;
            Some((definition.node.name.node.as_str(), &default.node))
        });
        Self { variables, defaults: defaults.collect(), sizes: HashMap::new() }
    }

    /// The value of a variable, or its default.
    fn variable(&self, name: &str) -> Option<Filled<'a>> {
        let default = || self.defaults.get(name).copied().map(Filled::Default);
        self.variables.get(name).map(Filled::Given).or_else(default)
    }

    /// The number of items of a list.
    pub(super) fn length(&self, field: &Field, name: &str) -> Option<usize> {
        match &field.get_argument(name)?.node {
            Value::List(items) => Some(items.len()),
            Value::Variable(name) => match self.variable(name)? {
                Filled::Given(Json::Array(items)) => Some(items.len()),
                Filled::Default(ConstValue::List(items)) => Some(items.len()),
                _ => None,
            },
            _ => None,
        }
    }

    pub(super) fn integer(&self, field: &Field, name: &str) -> Option<i64> {
        match &field.get_argument(name)?.node {
            Value::Number(number) => number.as_i64(),
            Value::Variable(name) => match self.variable(name)? {
                Filled::Given(Json::Number(number)) | Filled::Default(ConstValue::Number(number)) => {
                    number.as_i64()
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// The number of values in a value, with variables filled in.
    pub(super) fn size(&mut self, value: &'a Value) -> usize {
        match value {
            Value::Variable(name) => self.size_of_variable(name.as_str()),
            Value::List(items) => {
                items.iter().fold(1, |sum: usize, item| sum.saturating_add(self.size(item)))
            }
            Value::Object(fields) => {
                fields.values().fold(1, |sum: usize, field| sum.saturating_add(self.size(field)))
            }
            Value::String(text) => 1 + text.len() / TEXT,
            _ => 1,
        }
    }

    fn size_of_variable(&mut self, name: &'a str) -> usize {
        if let Some(known) = self.sizes.get(name) {
            return *known;
        }
        let size = match self.variable(name) {
            Some(Filled::Given(value)) => json(value),
            Some(Filled::Default(value)) => constant(value),
            None => 1,
        };
        self.sizes.insert(name, size);
        size
    }
}

/// The number of values in a value of JSON.
fn json(value: &Json) -> usize {
    match value {
        Json::Array(items) => 1 + items.iter().map(json).sum::<usize>(),
        Json::Object(fields) => 1 + fields.values().map(json).sum::<usize>(),
        Json::String(text) => 1 + text.len() / TEXT,
        _ => 1,
    }
}

/// The number of values in a constant.
fn constant(value: &ConstValue) -> usize {
    match value {
        ConstValue::List(items) => 1 + items.iter().map(constant).sum::<usize>(),
        ConstValue::Object(fields) => 1 + fields.values().map(constant).sum::<usize>(),
        ConstValue::String(text) => 1 + text.len() / TEXT,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::{parse_query, types::Selection};
    use serde_json::json;

    use super::*;

    fn size(query: &str, variables: serde_json::Value) -> usize {
        let mut document = parse_query(query).unwrap();
        let operation = crate::choice::chosen(&mut document, None).unwrap().clone();
        let variables = variables.as_object().unwrap().clone();
        let mut arguments = Arguments::of(&operation, &variables);
        let Selection::Field(field) = &operation.selection_set.node.items[0].node else { panic!() };
        field.node.arguments.iter().map(|(_, value)| arguments.size(&value.node)).sum()
    }

    #[test]
    fn variables_are_filled_in_and_texts_count_by_their_length() {
        assert_eq!(size("{ a(x: 1, y: [1, {z: 2}]) }", json!({})), 1 + 4);
        assert_eq!(size("query($v: X) { a(x: [$v, $v]) }", json!({ "v": [1, 2, { "k": [] }] })), 1 + 2 * 5);
        assert_eq!(size("query($v: X = [1, 2]) { a(x: $v) }", json!({})), 3);
        assert_eq!(size("query($v: X) { a(x: $v, y: \"\") }", json!({ "v": "x".repeat(640) })), 11 + 1);
    }
}
