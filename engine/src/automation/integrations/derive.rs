//! JSON Schemas of Rust types, in the form of manifests: draft 2020-12, closed, without references.

use schemars::{
    JsonSchema, Schema,
    generate::SchemaSettings,
    transform::{RecursiveTransform, Transform},
};
use serde_json::{Map, Value};

/// The schema of the values that a type accepts.
pub(super) fn parameters<T: JsonSchema>() -> Value {
    schema::<T>(SchemaSettings::draft2020_12().for_deserialize())
}

/// The schema of the values that a type serializes to.
pub(super) fn output<T: JsonSchema>() -> Value {
    schema::<T>(SchemaSettings::draft2020_12().for_serialize())
}

fn schema<T: JsonSchema>(settings: SchemaSettings) -> Value {
    let settings = settings.with(|settings| {
        settings.meta_schema = None;
        settings.inline_subschemas = true;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    RecursiveTransform(tidy).transform(&mut schema);
    let object = schema.ensure_object();
    // The operation has its own name and description.
    object.remove("description");
    object.insert("additionalProperties".to_owned(), Value::Bool(false));
    object.entry("properties").or_insert_with(|| Value::Object(Map::new()));
    schema.to_value()
}

fn tidy(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    object.remove("title");
    if is_number(object.get("type")) {
        // Names of Rust types, such as `uint16`, which the limits express.
        object.remove("format");
    }
    if let Some(Value::String(description)) = object.get_mut("description") {
        *description = unwrapped(description);
    }
    let required: Vec<String> = match object.get("required") {
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    if let Some(Value::Object(properties)) = object.get_mut("properties") {
        for (_, property) in properties.iter_mut().filter(|(name, _)| !required.contains(name)) {
            if let Value::Object(property) = property {
                without_null(property);
            }
        }
    }
}

fn is_number(kind: Option<&Value>) -> bool {
    let number = |kind: &Value| kind == "number" || kind == "integer";
    match kind {
        Some(Value::Array(kinds)) => kinds.iter().any(number),
        Some(kind) => number(kind),
        None => false,
    }
}

/// An optional property is left out, never null.
fn without_null(property: &mut Map<String, Value>) {
    if let Some(Value::Array(kinds)) = property.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [only] = kinds.as_slice() {
            let only = only.clone();
            property.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(values)) = property.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    if property.get("default") == Some(&Value::Null) {
        property.remove("default");
    }
}

/// Joins the lines of a paragraph.
fn unwrapped(text: &str) -> String {
    let paragraphs =
        text.split("\n\n").map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "));
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};
    use serde_json::json;

    use super::*;

    #[derive(Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    struct Example {
        /// A name that
        /// fills two lines.
        #[schemars(length(min = 1, max = 5), example = &"Ada")]
        full_name: String,
        #[schemars(range(max = 9))]
        size: Option<u16>,
        #[serde(default)]
        color: Color,
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    }

    #[derive(Default, Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    enum Color {
        #[default]
        DarkBlue,
        Red,
    }

    #[test]
    fn a_schema_is_derived_from_a_type() {
        let expected = json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["fullName"],
            "properties": {
                "fullName": {
                    "type": "string", "minLength": 1, "maxLength": 5,
                    "description": "A name that fills two lines.", "examples": ["Ada"],
                },
                "size": { "type": "integer", "minimum": 0, "maximum": 9 },
                "color": { "type": "string", "enum": ["dark_blue", "red"], "default": "dark_blue" },
                "note": { "type": "string" },
            },
        });
        assert_eq!(parameters::<Example>(), expected);
    }

    #[test]
    fn an_output_may_be_null_only_where_it_is_always_present() {
        let schema = output::<Example>();
        assert_eq!(schema["properties"]["size"]["type"], json!(["integer", "null"]));
        assert_eq!(schema["properties"]["note"]["type"], "string");
    }
}
