//! The JSON values that PostgreSQL can store.

use serde_json::Value;

/// Whether PostgreSQL can store a value: its JSON cannot contain the character U+0000.
#[must_use]
pub fn storable(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.contains('\0'),
        Value::Array(items) => items.iter().all(storable),
        Value::Object(fields) => fields.iter().all(|(key, field)| !key.contains('\0') && storable(field)),
        _ => true,
    }
}
