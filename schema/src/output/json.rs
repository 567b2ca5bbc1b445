//! JSON text as a value of the library.
//!
//! The library builds a tree of the response, a hash table for each object, and writes it at the end. Here a field is
//! written as soon as its value is known, and the text of an object takes the place of the tree. It is carried in
//! [`Value::Binary`], to which no scalar of the schema resolves.

use async_graphql::{Name, Value, indexmap::IndexMap};
use serde::Serialize;

/// The estimated length of a number, a boolean, null or a value of an enum.
const ESTIMATE: usize = 24;

/// Writes any value.
pub(crate) fn write(value: &Value, text: &mut Vec<u8>) {
    match value {
        Value::Binary(written) => text.extend_from_slice(written),
        Value::Object(fields) => write_object(fields, text),
        Value::List(items) => write_list(items, text),
        scalar => write_scalar(scalar, text),
    }
}

/// The tree of a value of a field, for merging.
pub(super) fn tree(value: Value) -> Value {
    match value {
        Value::Binary(written) => serde_json::from_slice(&written).unwrap_or_default(),
        Value::List(items) => items.into_iter().map(tree).collect::<Vec<_>>().into(),
        scalar => scalar,
    }
}

/// The length of the text of a value, roughly.
pub(crate) fn estimate(value: &Value) -> usize {
    match value {
        Value::Binary(written) => written.len(),
        Value::List(items) => items.iter().map(|item| 1 + estimate(item)).sum::<usize>() + 2,
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| key.len() + 4 + estimate(value)).sum::<usize>() + 2
        }
        Value::String(string) => string.len() + 2,
        _ => ESTIMATE,
    }
}

/// Writes a field of an object whose text ends with `{` or with another field.
pub(super) fn write_field(key: &Name, value: &Value, text: &mut Vec<u8>) {
    if text.last() != Some(&b'{') {
        text.push(b',');
    }
    // Names consist of letters, digits and underscores.
    text.push(b'"');
    text.extend_from_slice(key.as_bytes());
    text.extend_from_slice(b"\":");
    write(value, text);
}

fn write_object(fields: &IndexMap<Name, Value>, text: &mut Vec<u8>) {
    text.push(b'{');
    fields.iter().for_each(|(key, value)| write_field(key, value, text));
    text.push(b'}');
}

fn write_list(items: &[Value], text: &mut Vec<u8>) {
    text.reserve(items.iter().map(|item| 1 + estimate(item)).sum::<usize>() + 2);
    text.push(b'[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text.push(b',');
        }
        write(item, text);
    }
    text.push(b']');
}

fn write_scalar(scalar: &Value, text: &mut Vec<u8>) {
    let length = text.len();
    // Writing to memory does not fail, and no scalar is without a text.
    if scalar.serialize(&mut serde_json::Serializer::new(&mut *text)).is_err() {
        text.truncate(length);
        text.extend_from_slice(b"null");
    }
}
