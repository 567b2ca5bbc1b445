//! What PostgreSQL can hold as JSON.

use serde_json::Value;

/// Whether a value can be stored: PostgreSQL's JSON knows no character U+0000.
#[must_use]
pub fn storable(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.contains('\0'),
        Value::Array(items) => items.iter().all(storable),
        Value::Object(fields) => fields.iter().all(|(key, field)| !key.contains('\0') && storable(field)),
        _ => true,
    }
}
