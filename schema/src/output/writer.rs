//! Writes an object field by field.

use std::collections::HashSet;

use async_graphql::{
    Name, Value,
    indexmap::{IndexMap, map::Entry},
};

use super::json;

/// The number of keys that are compared with each other; more are put into a set.
const FEW: usize = 16;

/// The estimated length of a field whose value is a scalar.
const ESTIMATE: usize = 48;

/// An object that is being written.
pub(super) enum Writer {
    /// The JSON text of the fields, if each response key occurs once.
    Text(Vec<u8>),
    /// A response key that is selected twice has one place in the object, with the fields of both values.
    Tree(Box<IndexMap<Name, Value>>),
}

impl Writer {
    /// An object with these response keys; about this many.
    pub(super) fn new<'a>(keys: impl Iterator<Item = &'a Name> + Clone, count: usize) -> Self {
        if are_different(keys) {
            let mut text = Vec::with_capacity(ESTIMATE * count);
            text.push(b'{');
            Self::Text(text)
        } else {
            Self::Tree(Box::default())
        }
    }

    /// Adds the next field.
    pub(super) fn field(&mut self, key: &Name, value: Value) {
        match self {
            Self::Text(text) => json::write_field(key, &value, text),
            Self::Tree(map) => insert(map, key.clone(), value),
        }
    }

    /// The object, as JSON.
    pub(super) fn end(self) -> Value {
        let mut text = match self {
            Self::Text(text) => text,
            Self::Tree(map) => {
                let mut text = vec![b'{'];
                map.iter().for_each(|(key, value)| json::write_field(key, value, &mut text));
                text
            }
        };
        text.push(b'}');
        // `Bytes` allocates a second time for a vector with spare capacity.
        Value::Binary(text.into_boxed_slice().into())
    }
}

/// Whether each of these keys occurs once.
fn are_different<'a>(mut keys: impl Iterator<Item = &'a Name> + Clone) -> bool {
    let mut earlier = [""; FEW];
    for (index, key) in keys.clone().enumerate() {
        if index == FEW {
            let mut set = HashSet::new();
            return keys.all(|key| set.insert(key));
        }
        if earlier[..index].contains(&key.as_str()) {
            return false;
        }
        earlier[index] = key;
    }
    true
}

/// Adds a field to an object, and merges it with an earlier value of the same response key.
fn insert(map: &mut IndexMap<Name, Value>, name: Name, value: Value) {
    match map.entry(name) {
        Entry::Vacant(place) => {
            place.insert(value);
        }
        Entry::Occupied(mut there) => {
            let there = there.get_mut();
            *there = json::tree(std::mem::take(there));
            merge(there, json::tree(value));
        }
    }
}

fn merge(there: &mut Value, value: Value) {
    match (there, value) {
        (Value::Object(there), Value::Object(fields)) => {
            for (name, value) in fields {
                insert(there, name, value);
            }
        }
        (Value::List(there), Value::List(items)) => {
            for (there, item) in there.iter_mut().zip(items) {
                // The library merges objects in lists, and nothing else.
                if matches!(there, Value::Object(_)) {
                    merge(there, item);
                }
            }
        }
        _ => {}
    }
}
