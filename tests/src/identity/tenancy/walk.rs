//! Finds all objects that a client can reach by following fields from the roots.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Value, json};

use crate::harness::{Client, Field, Schema, Type};

/// Depth of the selections before the walk continues from an id.
const DEPTH: usize = 7;

/// The objects that a client has reached.
#[derive(Default)]
pub(super) struct Reached {
    /// The types of the objects, by their ids.
    pub(super) ids: BTreeMap<String, String>,
    /// All responses, by root field or id.
    pub(super) answers: BTreeMap<String, Value>,
}

impl Reached {
    /// Follows every field that needs no argument, from the root fields and then from each id.
    pub(super) async fn by(client: &Client, schema: &Schema) -> Self {
        let mut reached = Self::default();
        let mut open = VecDeque::new();
        for field in &schema.get(&schema.roots[0].1).fields {
            // Without ids: counters that change by themselves.
            if !field.is_plain() || !leads_to_ids(schema, &field.of.name, &mut BTreeSet::new()) {
                continue;
            }
            let Some(selection) = selection(schema, &field.of.name, DEPTH) else { continue };
            let reply = client.send(&format!("{{ {} {selection} }}", field.name), json!({})).await;
            reached.take(field.name.clone(), reply.0["data"].clone(), &mut open);
        }
        while let Some((id, name)) = open.pop_front() {
            let kind = schema.get(&name);
            if kind.is_node() {
                let fields = members(schema, kind, DEPTH, "");
                let query = format!("query($id: ID!) {{ node(id: $id) {{ ... on {name} {{ {fields} }} }} }}");
                let reply = client.send(&query, json!({ "id": id })).await;
                reached.take(id, reply.0["data"].clone(), &mut open);
            }
        }
        reached
    }

    /// The ids of the objects of these types.
    pub(super) fn of_types(&self, include: impl Fn(&str) -> bool) -> BTreeMap<&str, &str> {
        let all = self.ids.iter().map(|(id, name)| (id.as_str(), name.as_str()));
        all.filter(|(_, name)| include(name)).collect()
    }

    fn take(&mut self, place: String, answer: Value, open: &mut VecDeque<(String, String)>) {
        self.note_ids(&answer, open);
        self.answers.insert(place, answer);
    }

    fn note_ids(&mut self, value: &Value, open: &mut VecDeque<(String, String)>) {
        if let (Some(id), Some(name)) = (value["id"].as_str(), value["__typename"].as_str())
            && self.ids.insert(id.to_owned(), name.to_owned()).is_none()
        {
            open.push_back((id.to_owned(), name.to_owned()));
        }
        let inside: Vec<&Value> = match value {
            Value::Object(fields) => fields.values().collect(),
            Value::Array(items) => items.iter().collect(),
            _ => Vec::new(),
        };
        for value in inside {
            self.note_ids(value, open);
        }
    }
}

/// The selection of a type: all fields, but only the ids of nodes, from which the walk continues. `None` if no field can
/// be selected at this depth.
fn selection(schema: &Schema, name: &str, depth: usize) -> Option<String> {
    let kind = schema.get(name);
    match kind.kind.as_str() {
        "SCALAR" | "ENUM" => Some(String::new()),
        _ if depth == 0 => None,
        "INTERFACE" => Some("{ __typename ... on Node { id } }".to_owned()),
        "UNION" => {
            // Fields of the same name may differ in type between the members.
            let members = kind.members.iter().map(|member| {
                let fields = members(schema, schema.get(member), depth - 1, &format!("{member}_"));
                format!("... on {member} {{ {fields} }}")
            });
            Some(format!("{{ __typename {} }}", members.collect::<Vec<_>>().join(" ")))
        }
        _ if kind.is_node() => Some("{ __typename id }".to_owned()),
        _ => Some(format!("{{ {} }}", members(schema, kind, depth - 1, ""))),
    }
}

fn members(schema: &Schema, kind: &Type, depth: usize, alias: &str) -> String {
    let select = |field: &Field| {
        let selection = field.is_plain().then(|| selection(schema, &field.of.name, depth))??;
        let name = &field.name;
        Some(if alias.is_empty() {
            format!("{name} {selection}")
        } else {
            format!("{alias}{name}: {name} {selection}")
        })
    };
    let fields: Vec<_> = kind.fields.iter().filter_map(select).collect();
    format!("__typename {}", fields.join(" "))
}

fn leads_to_ids(schema: &Schema, name: &str, seen: &mut BTreeSet<String>) -> bool {
    if !seen.insert(name.to_owned()) {
        return false;
    }
    let kind = schema.get(name);
    kind.name == "Node"
        || kind.is_identified()
        || kind.fields.iter().any(|field| leads_to_ids(schema, &field.of.name, seen))
        || kind.members.iter().any(|member| leads_to_ids(schema, member, seen))
}
