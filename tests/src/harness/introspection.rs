//! The schema, from introspection, for tests that cover all fields.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Client;

const INTROSPECTION: &str = "
    { __schema { queryType { name } mutationType { name } subscriptionType { name } types { kind name
        fields { name args { name defaultValue type { ...T } } type { ...T } }
        inputFields { name defaultValue type { ...T } }
        enumValues { name } interfaces { name } possibleTypes { name } } } }
    fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";

/// The types of the schema.
pub struct Schema {
    types: BTreeMap<String, Type>,
    /// The root types, each with its operation: `query`, `mutation`, `subscription`.
    pub roots: Vec<(&'static str, String)>,
}

/// A named type.
#[derive(Debug)]
pub struct Type {
    pub name: String,
    pub kind: String,
    pub fields: Vec<Field>,
    /// Fields of an input object.
    pub inputs: Vec<Input>,
    pub values: Vec<String>,
    pub interfaces: Vec<String>,
    pub members: Vec<String>,
}

/// A field of an object.
#[derive(Debug)]
pub struct Field {
    pub name: String,
    pub arguments: Vec<Input>,
    pub of: TypeRef,
}

/// An argument, or a field of an input object.
#[derive(Debug, Clone)]
pub struct Input {
    pub name: String,
    pub of: TypeRef,
    pub has_default: bool,
}

/// The type of a field or an input, with its lists and non-null marks.
#[derive(Debug, Clone)]
pub struct TypeRef {
    /// As it is written in a document: `[ID!]!`.
    pub written: String,
    /// The name of the innermost type.
    pub name: String,
    pub required: bool,
    pub list: bool,
}

impl Schema {
    /// Asks the server.
    pub async fn of(client: &Client) -> Self {
        let reply = client.send(INTROSPECTION, json!({})).await;
        let types = list(reply.at("/__schema/types")).iter().map(Type::of);
        let roots = ["query", "mutation", "subscription"];
        let root = |operation: &str| reply.text(&format!("/__schema/{operation}Type/name"));
        Self {
            types: types.map(|kind| (kind.name.clone(), kind)).collect(),
            roots: roots.map(|operation| (operation, root(operation))).to_vec(),
        }
    }

    /// The type with this name.
    pub fn get(&self, name: &str) -> &Type {
        self.types.get(name).unwrap_or_else(|| panic!("the schema has no type {name}"))
    }

    /// The type with this name, if there is one.
    pub fn find(&self, name: &str) -> Option<&Type> {
        self.types.get(name)
    }

    /// Types that are not part of introspection itself.
    pub fn types(&self) -> impl Iterator<Item = &Type> {
        self.types.values().filter(|kind| !kind.name.starts_with("__"))
    }

    /// Types whose instances have an id.
    pub fn identified(&self) -> impl Iterator<Item = &Type> {
        self.types().filter(|kind| kind.kind == "OBJECT" && kind.is_identified())
    }
}

impl Type {
    fn of(value: &Value) -> Self {
        let fields = list(&value["fields"]).iter().map(|field| Field {
            name: text(&field["name"]),
            arguments: list(&field["args"]).iter().map(Input::of).collect(),
            of: TypeRef::of(&field["type"]),
        });
        let names = |key: &str| list(&value[key]).iter().map(|entry| text(&entry["name"])).collect();
        Self {
            name: text(&value["name"]),
            kind: text(&value["kind"]),
            fields: fields.collect(),
            inputs: list(&value["inputFields"]).iter().map(Input::of).collect(),
            values: names("enumValues"),
            interfaces: names("interfaces"),
            members: names("possibleTypes"),
        }
    }

    /// Whether `node(id)` finds it.
    pub fn is_node(&self) -> bool {
        self.interfaces.iter().any(|interface| interface == "Node")
    }

    /// Whether it has a field `id` of type `ID`.
    pub fn is_identified(&self) -> bool {
        self.fields.iter().any(|field| field.name == "id" && field.of.name == "ID")
    }

    /// Whether it is a page of a list.
    pub fn is_connection(&self) -> bool {
        self.name.ends_with("Connection") && self.fields.iter().any(|field| field.name == "pageInfo")
    }
}

impl Field {
    /// Whether it can be selected without arguments.
    pub fn is_plain(&self) -> bool {
        self.arguments.iter().all(|argument| !argument.is_needed())
    }
}

impl Input {
    fn of(value: &Value) -> Self {
        Self {
            name: text(&value["name"]),
            of: TypeRef::of(&value["type"]),
            has_default: !value["defaultValue"].is_null(),
        }
    }

    /// Whether it has to be given.
    pub fn is_needed(&self) -> bool {
        self.of.required && !self.has_default
    }
}

impl TypeRef {
    fn of(value: &Value) -> Self {
        let inner = || Self::of(&value["ofType"]);
        match value["kind"].as_str() {
            Some("NON_NULL") => {
                let inner = inner();
                Self { written: format!("{}!", inner.written), required: true, ..inner }
            }
            Some("LIST") => {
                let inner = inner();
                Self { written: format!("[{}]", inner.written), required: false, list: true, ..inner }
            }
            _ => {
                let name = text(&value["name"]);
                Self { written: name.clone(), name, required: false, list: false }
            }
        }
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
