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
fn a_field_that_reads_memory_allocates_its_value_alone() {
    let few = per_flow("id name");
    let many = per_flow("id name a: name b: name c: name d: name e: name f: name g: name h: name");
    assert!(few <= 10, "{few} allocations for a flow with two fields");
    // A name is one string. A boxed future would be a second allocation.
    assert!(many - few <= 8 + 2, "{} allocations for eight more fields", many - few);
}

/// The lines of the sources that declare objects, with the following line.
fn declarations() -> Vec<String> {
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
                let lines: Vec<&str> = text.lines().map(str::trim).collect();
                for (number, line) in lines.iter().enumerate() {
                    let derives = line.starts_with("#[derive(")
                        && ["SimpleObject", "Union", "Interface"].iter().any(|name| line.contains(name));
                    if derives || line.starts_with("#[Object") {
                        let end = (number + 5).min(lines.len());
                        found.push(format!("{}: {}", path.display(), lines[number..end].join(" ")));
                    }
                }
            }
        }
    }
    found
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
