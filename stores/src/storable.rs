//! The JSON values that PostgreSQL can store.

use serde_json::Value;

/// Replaces the character U+0000 in a value by U+FFFD, in texts and in the keys of objects.
pub fn clean(value: &mut Value) {
    if storable(value) {
        return;
    }
    match value {
        Value::String(text) => *text = replaced(text),
        Value::Array(items) => items.iter_mut().for_each(clean),
        Value::Object(fields) => {
            let cleaned = std::mem::take(fields).into_iter().map(|(key, mut field)| {
                clean(&mut field);
                (replaced(&key), field)
            });
            *fields = cleaned.collect();
        }
        _ => {}
    }
}

fn replaced(text: &str) -> String {
    text.replace('\0', "\u{FFFD}")
}

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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_cleaned_value_is_storable() {
        let mut value = json!({ "a\0": ["b\0c", { "d": "\0" }, 1], "e": "f" });
        clean(&mut value);
        assert!(storable(&value));
        assert_eq!(value, json!({ "a\u{FFFD}": ["b\u{FFFD}c", { "d": "\u{FFFD}" }, 1], "e": "f" }));
    }
}
