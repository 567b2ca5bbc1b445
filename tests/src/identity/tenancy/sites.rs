//! The sites of the schema that take an id, and a document for each.

use serde_json::{Map, Value, json};

use super::walk::Reached;
use crate::harness::{Field, Input, Schema};

/// Values that an input needs so that its id is looked up, by input type, in addition to its required fields or instead
/// of the default of their scalar types.
fn extra(input: &str) -> Value {
    match input {
        "CreateCredentialInput" => json!({ "integration": "http", "fields": { "bearerToken": "x" } }),
        "InviteMemberInput" => json!({ "email": "guest@example.org" }),
        "EditMessageInput" | "SendMessageInput" => json!({ "text": "x" }),
        "StepInput" => json!({ "integration": "http", "operation": "request",
                               "parameters": { "url": "http://127.0.0.1:1/" } }),
        _ => json!({}),
    }
}

/// An argument or input field that takes an id.
pub(super) struct Site {
    operation: &'static str,
    /// The type that has the field: a root or a node.
    owner: String,
    field: String,
    arguments: Vec<Input>,
    /// The selection of the document.
    selection: &'static str,
    /// The path from the argument to the id; each input with the type that contains it.
    path: Vec<Input>,
}

/// All sites: arguments and input fields, of the roots and of other types.
pub(super) fn all(schema: &Schema) -> Vec<Site> {
    let mut sites = Vec::new();
    for kind in schema.types().filter(|kind| kind.kind == "OBJECT") {
        let root = schema.roots.iter().find(|(_, name)| *name == kind.name);
        for field in &kind.fields {
            for path in field.arguments.iter().flat_map(|argument| paths(schema, argument, &[])) {
                assert!(
                    root.is_some() || kind.is_node(),
                    "{}.{} takes an id, but the type is neither a root nor a node; teach {} to reach it",
                    kind.name,
                    field.name,
                    file!()
                );
                sites.push(Site::new(schema, root.map_or("query", |root| root.0), &kind.name, field, path));
            }
        }
    }
    sites
}

/// The paths from an input to the ids in it.
fn paths(schema: &Schema, input: &Input, before: &[Input]) -> Vec<Vec<Input>> {
    if before.iter().any(|known| known.of.name == input.of.name) {
        return Vec::new();
    }
    let mut path = before.to_vec();
    path.push(input.clone());
    if input.of.name == "ID" {
        return vec![path];
    }
    schema.get(&input.of.name).inputs.iter().flat_map(|inner| paths(schema, inner, &path)).collect()
}

impl Site {
    fn new(schema: &Schema, operation: &'static str, owner: &str, field: &Field, path: Vec<Input>) -> Self {
        let answer = schema.get(&field.of.name);
        let selection = match answer.kind.as_str() {
            "SCALAR" | "ENUM" => "",
            _ if answer.is_connection() => "{ totalCount nodes { __typename } }",
            _ => "{ __typename }",
        };
        let (owner, arguments) = (owner.to_owned(), field.arguments.clone());
        Self { operation, owner, field: field.name.clone(), arguments, selection, path }
    }

    /// `Mutation.runFlow(input.flowId)`.
    pub(super) fn name(&self) -> String {
        format!("{}.{}({})", self.owner, self.field, self.path().join("."))
    }

    /// The names of the inputs that lead to the id, with `0` for the items of lists.
    pub(super) fn path(&self) -> Vec<&str> {
        let names = self.path.iter().map(|input| (input.name.as_str(), input.of.list));
        names.flat_map(|(name, list)| [Some(name), list.then_some("0")]).flatten().collect()
    }

    pub(super) fn is_subscription(&self) -> bool {
        self.operation == "subscription"
    }

    /// The path of the result in `data`.
    pub(super) fn answer<'a>(&self, data: &'a Value) -> &'a Value {
        if self.is_below_a_node() { &data["node"][&self.field] } else { &data[&self.field] }
    }

    fn is_below_a_node(&self) -> bool {
        !["Query", "Mutation", "Subscription"].contains(&self.owner.as_str())
    }

    /// The document and the variables with an id at this site. Other required ids belong to the caller.
    pub(super) fn document(&self, schema: &Schema, own: &Reached, id: &str) -> (String, Value) {
        let given: Vec<_> = self
            .arguments
            .iter()
            .filter(|input| input.name == self.path[0].name || input.is_needed())
            .collect();
        let mut declared: Vec<_> =
            given.iter().map(|input| format!("${}: {}", input.name, input.of.written)).collect();
        let passed: Vec<_> = given.iter().map(|input| format!("{0}: ${0}", input.name)).collect();
        let mut variables = Map::new();
        for input in &given {
            let path = if input.name == self.path[0].name { &self.path[1..] } else { &[] };
            let here = (input.name == self.path[0].name).then_some(id);
            variables.insert(input.name.clone(), self.value(schema, own, input, path, here));
        }
        let mut body = format!("{}({}) {}", self.field, passed.join(", "), self.selection);
        if self.is_below_a_node() {
            let parents = own.of_types(|name| name == self.owner);
            let parent =
                parents.keys().next().unwrap_or_else(|| panic!("{}: no {}", self.name(), self.owner));
            declared.push("$parent: ID!".to_owned());
            variables.insert("parent".to_owned(), json!(parent));
            body = format!("node(id: $parent) {{ ... on {} {{ {body} }} }}", self.owner);
        }
        (format!("{}({}) {{ {body} }}", self.operation, declared.join(", ")), Value::Object(variables))
    }

    /// A value of an input. With an id, it holds the id at the end of the path.
    fn value(
        &self,
        schema: &Schema,
        own: &Reached,
        input: &Input,
        path: &[Input],
        id: Option<&str>,
    ) -> Value {
        let kind = schema.get(&input.of.name);
        let one = match kind.kind.as_str() {
            "INPUT_OBJECT" => {
                let mut fields = Map::new();
                let extra = extra(&kind.name);
                for inner in &kind.inputs {
                    let on_path = id.filter(|_| path.first().is_some_and(|next| next.name == inner.name));
                    if on_path.is_some() || inner.is_needed() {
                        let rest = if on_path.is_some() { &path[1..] } else { &[] };
                        fields.insert(inner.name.clone(), self.value(schema, own, inner, rest, on_path));
                    }
                }
                let on_path = path.first().filter(|_| id.is_some()).map(|next| next.name.clone());
                for (name, value) in extra.as_object().into_iter().flatten() {
                    if on_path.as_ref() != Some(name) {
                        fields.insert(name.clone(), value.clone());
                    }
                }
                Value::Object(fields)
            }
            _ if kind.name == "ID" => json!(id.unwrap_or_else(|| self.own_id(own, input))),
            _ => return schema.sample(input),
        };
        if input.of.list { json!([one]) } else { one }
    }

    /// An id of the caller's for another input that is required: `flowId` takes a `Flow`.
    fn own_id<'a>(&self, own: &'a Reached, input: &Input) -> &'a str {
        let wanted = input.name.trim_end_matches("Ids").trim_end_matches("Id").to_lowercase();
        let found = own.of_types(|name| name.to_lowercase() == wanted).keys().next().copied();
        found.unwrap_or_else(|| {
            panic!("{} also requires `{}`; add a value to `extra` in {}", self.name(), input.name, file!())
        })
    }
}
