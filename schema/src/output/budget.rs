//! The costs of objects: allocations of a response, and the attribute that makes an object cheap.

use std::fs;

use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema};
use chrono::{DateTime, Utc};
use triptych_entities::{
    ids::{FlowId, FlowVersionId, Id as _, OrganizationId, UserId},
    relational::automation::flow,
};
use triptych_services::page::{KeyKind, PageArgs, Window, slice};
use uuid::Uuid;

use crate::{automation::flows::Flow, connection::Connection};

struct Query;

#[Object]
impl Query {
    async fn flows(&self, first: i32) -> Connection<Flow> {
        let args = PageArgs { first: Some(first), ..PageArgs::default() };
        let window = Window::parse(&args, "flows", &[KeyKind::Id]).unwrap();
        let flows = (0..100).map(|number| flow::Model {
            id: FlowId::from_uuid(Uuid::from_u128(number)),
            organization_id: OrganizationId::from_uuid(Uuid::nil()),
            owner_id: UserId::from_uuid(Uuid::nil()),
            name: "flow".to_owned(),
            notes: None,
            status: flow::Status::Draft,
            client_id: None,
            draft_version_id: FlowVersionId::from_uuid(Uuid::nil()),
            published_version_id: None,
            created_at: DateTime::<Utc>::UNIX_EPOCH,
            updated_at: DateTime::<Utc>::UNIX_EPOCH,
            deleted_at: None,
        });
        Connection::of(slice(flows.collect(), &window, |flow| flow.id.into()), Flow)
    }
}

/// Allocations of a response with this number of flows.
fn allocations(fields: &str, flows: usize) -> u64 {
    let schema = Schema::new(Query, EmptyMutation, EmptySubscription);
    let query = format!("{{ flows(first: {flows}) {{ nodes {{ {fields} }} }} }}");
    let mut failed = true;
    let counted = allocation_counter::measure(|| {
        let response = futures::executor::block_on(schema.execute(query.as_str()));
        failed = response.is_err();
    });
    assert!(!failed);
    counted.count_total
}

/// Allocations of one more flow in a list.
fn per_flow(fields: &str) -> u64 {
    (allocations(fields, 90) - allocations(fields, 40)) / 50
}

#[test]
fn a_plain_field_allocates_only_its_value() {
    let few = per_flow("id name");
    let many = per_flow("id name a: name b: name c: name d: name e: name f: name g: name h: name");
    // The name in the row, two values, and the text of the object.
    assert!(few <= 4, "{few} allocations for a flow with two fields");
    // A name is one string. A boxed future would be a second allocation.
    assert!(many - few <= 8, "{} allocations for eight more fields", many - few);
}

/// The path and the lines of each source file, without tests and without this module.
fn sources() -> Vec<(String, Vec<String>)> {
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("output") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let text = text.split("#[cfg(test)]").next().unwrap();
                found.push((
                    path.display().to_string(),
                    text.lines().map(|line| line.trim_end().to_owned()).collect(),
                ));
            }
        }
    }
    found
}

fn declares_object(line: &str) -> bool {
    let derives = line.starts_with("#[derive(")
        && ["SimpleObject", "Union", "Interface"].iter().any(|name| line.contains(name));
    derives || line.starts_with("#[Object")
}

/// The lines of the sources that declare objects, with the following lines.
fn declarations() -> Vec<String> {
    let mut found = Vec::new();
    for (path, lines) in sources() {
        for (number, line) in lines.iter().enumerate() {
            if declares_object(line.trim()) {
                let end = (number + 5).min(lines.len());
                let lines: Vec<_> = lines[number..end].iter().map(|line| line.trim()).collect();
                found.push(format!("{path}: {}", lines.join(" ")));
            }
        }
    }
    found
}

/// The name of the type of a declaration: of `impl Flow {`, `pub struct Flow;` or `pub enum Node<'a> {`.
fn declared(declaration: &str) -> Option<&str> {
    let (_, rest) =
        ["impl ", "impl<", "struct ", "enum "].iter().find_map(|word| declaration.split_once(word))?;
    let rest = if declaration.contains("impl<") { rest.split_once("> ")?.1 } else { rest };
    rest.split(|c: char| !c.is_alphanumeric()).next().filter(|name| !name.is_empty())
}

/// The types of the fields of objects that are lists, as `path: type`.
fn lists() -> Vec<String> {
    let mut found = Vec::new();
    for (path, lines) in sources() {
        let mut within = false;
        for line in &lines {
            within = (within || declares_object(line)) && line != "}";
            // The type of a resolver follows `->`, that of a field of a struct the name of the field.
            let of = line.split_once("-> ").or_else(|| line.trim().strip_suffix(',')?.split_once(": "));
            if within && let Some((_, of)) = of {
                found.push(format!("{path}: {of}"));
            }
        }
    }
    found.retain(|field| field.contains("Vec<") || field.contains("Items<"));
    found
}

#[test]
fn every_list_of_objects_is_resolved_here() {
    let declarations = declarations();
    // A macro declares the interface `Node`.
    let objects: Vec<&str> =
        declarations.iter().filter_map(|declaration| declared(declaration)).chain(["Node"]).collect();
    let known =
        ["Flow", "Step", "Connection", "Edge", "Thread", "Message", "MessagePart", "Permission", "Problem"];
    assert!(known.iter().all(|name| objects.contains(name)), "{objects:?}");
    let lists = lists();
    assert!(lists.iter().filter(|field| field.contains("Items<")).count() >= 12, "{lists:#?}");
    let slow: Vec<_> = lists
        .iter()
        .filter(|field| {
            let inner = field.split_once("Vec<").map(|(_, inner)| inner.trim_start_matches("Option<"));
            let name =
                inner.map(|inner| inner.trim_start_matches('&').split(|c: char| !c.is_alphanumeric()).next());
            name.flatten().is_some_and(|name| objects.contains(&name))
        })
        .collect();
    assert!(slow.is_empty(), "`Items` instead of `Vec`: {slow:#?}");
}

#[test]
fn every_object_but_the_roots_is_resolved_here() {
    let declarations = declarations();
    assert!(declarations.len() > 60, "{}", declarations.len());
    let is_root = |line: &String| {
        ["Query {", "Mutation {"].iter().any(|root| line.contains(root)) && line.contains("#[Object] impl")
    };
    let slow: Vec<_> = declarations
        .iter()
        .filter(|line| !is_root(line) && !line.contains(r#"crate = "crate::output""#))
        .collect();
    assert!(slow.is_empty(), "without `crate = \"crate::output\"`: {slow:#?}");
}
