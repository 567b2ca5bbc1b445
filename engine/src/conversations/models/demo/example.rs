//! Generates a minimal value for a JSON Schema.

use serde_json::{Map, Value};

/// Maximum depth, for recursive schemas.
const MAX_DEPTH: usize = 16;

pub(super) fn of(schema: &Value) -> Value {
    example(schema, schema, 0)
}

fn example(schema: &Value, root: &Value, depth: usize) -> Value {
    if depth > MAX_DEPTH {
        return Value::Null;
    }
    for key in ["const", "default"] {
        if let Some(value) = schema.get(key) {
            return value.clone();
        }
    }
    for key in ["enum", "examples"] {
        if let Some(value) = schema.get(key).and_then(Value::as_array).and_then(|values| values.first()) {
            return value.clone();
        }
    }
    if let Some(pointer) = schema.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix('#')) {
        return root.pointer(pointer).map_or(Value::Null, |target| example(target, root, depth + 1));
    }
    for key in ["anyOf", "oneOf"] {
        if let Some(first) = schema.get(key).and_then(Value::as_array).and_then(|all| all.first()) {
            return example(first, root, depth + 1);
        }
    }
    match kind(schema) {
        "object" => object(schema, root, depth),
        "array" => {
            let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0).min(100);
            let item = schema.get("items").map_or(Value::Null, |items| example(items, root, depth + 1));
            (0..least).map(|_| item.clone()).collect()
        }
        "string" => {
            let least = schema.get("minLength").and_then(Value::as_u64).unwrap_or(0).min(1_000);
            let text = "demo".repeat(1 + usize::try_from(least).unwrap_or_default() / 4);
            let most = schema.get("maxLength").and_then(Value::as_u64).unwrap_or(u64::MAX);
            text.chars().take(usize::try_from(most).unwrap_or(usize::MAX)).collect::<String>().into()
        }
        "integer" | "number" => number(schema),
        "boolean" => true.into(),
        _ => Value::Null,
    }
}

fn kind(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => kinds.first().and_then(Value::as_str).unwrap_or("null"),
        _ if schema.get("properties").is_some() => "object",
        _ => "null",
    }
}

/// The required properties, or all properties if none is required.
fn object(schema: &Value, root: &Value, depth: usize) -> Value {
    let empty = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let required: Option<Vec<&str>> = schema
        .get("required")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect());
    let wanted = |name: &str| required.as_ref().is_none_or(|required| required.contains(&name));
    let mut object: Map<String, Value> = properties
        .iter()
        .filter(|(name, _)| wanted(name))
        .map(|(name, property)| (name.clone(), example(property, root, depth + 1)))
        .collect();
    for name in required.unwrap_or_default() {
        object.entry(name).or_insert_with(|| "demo".into());
    }
    object.into()
}

fn number(schema: &Value) -> Value {
    if let Some(least) = schema.get("minimum") {
        return least.clone();
    }
    match schema.get("exclusiveMinimum").and_then(Value::as_i64) {
        Some(least) => (least + 1).into(),
        None => schema.get("maximum").cloned().filter(|most| most.as_f64() < Some(0.0)).unwrap_or(0.into()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_example_has_only_the_required_properties() {
        let schema = json!({
            "type": "object",
            "required": ["sentiment", "score", "tags"],
            "properties": {
                "sentiment": { "enum": ["good", "bad"] },
                "score": { "type": "integer", "minimum": 3 },
                "tags": { "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/tag" } },
                "note": { "type": "string" },
            },
            "$defs": { "tag": { "type": "string", "minLength": 6 } },
        });
        assert_eq!(of(&schema), json!({ "sentiment": "good", "score": 3, "tags": ["demodemo"] }));
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let schema = json!({ "$ref": "#" });
        assert_eq!(of(&schema), Value::Null);
    }
}
