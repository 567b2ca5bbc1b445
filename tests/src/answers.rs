//! Snapshots of responses that clients depend on.

use insta::assert_snapshot;
use serde_json::json;

use crate::harness::{World, hook, redacted, steps, text};

#[tokio::test]
async fn the_welcome_query_of_the_playground() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let welcome = include_str!("../../playground/operations/01-welcome.graphql");
    assert_snapshot!(redacted(&ada.send(welcome, json!({})).await.0));
    world.end().await;
}

#[tokio::test]
async fn the_permissions_of_built_in_roles() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let permissions = "{ viewer { permissions { action subject onlyOwn } } }";
    for role in ["owner", "member", "viewer"] {
        let member = world.member(&ada, role, &[]).await;
        let reply = member.send(permissions, json!({})).await;
        let list = reply.at("/viewer/permissions").as_array().expect("a list");
        let mut lines: Vec<_> = list
            .iter()
            .map(|permission| {
                let own = if permission["onlyOwn"] == true { " of one's own" } else { "" };
                format!(
                    "{} {}{own}",
                    permission["action"].as_str().unwrap(),
                    permission["subject"].as_str().unwrap()
                )
            })
            .collect();
        lines.sort();
        assert_snapshot!(format!("permissions_of_{role}"), lines.join("\n"));
    }
    world.end().await;
}

#[tokio::test]
async fn the_catalogue_of_integrations() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let catalogue = "{ integrations(first: 100) { totalCount nodes { key name icon credential { required }
        triggers { key kind } actions { key kind } } } }";
    assert_snapshot!("catalogue", redacted(&ada.send(catalogue, json!({})).await.0));
    let operation = "{ integration(key: \"http\") { key name description icon
        credential { description required fields } actions { key name description kind parameters output } } }";
    assert_snapshot!("integration", redacted(&ada.send(operation, json!({})).await.0));
    world.end().await;
}

#[tokio::test]
async fn the_shape_of_a_page() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let page = "query($first: Int!, $after: String) { flows(first: $first, after: $after) { totalCount nodes { id name status }
        edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";
    assert_snapshot!("empty_page", redacted(&ada.send(page, json!({ "first": 2 })).await.0));
    for _ in 0..3 {
        ada.published_flow(steps([hook()])).await;
    }
    let first = ada.send(page, json!({ "first": 2 })).await;
    assert_snapshot!("first_page", redacted(&first.0));
    let after = first.at("/flows/pageInfo/endCursor");
    assert_snapshot!("last_page", redacted(&ada.send(page, json!({ "first": 2, "after": after })).await.0));
    world.end().await;
}

#[tokio::test]
async fn an_execution_from_its_trigger_to_its_end() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let (flow, _) = ada.published_flow(steps([hook(), text("trim", " {{ trigger.body.name }} ")])).await;
    let id = ada.run_flow(&flow, json!({ "name": "Ada" })).await;
    assert_snapshot!("execution", redacted(&ada.finished(&id).await.0));
    let events = "subscription($id: ID!) { executionEvents(executionId: $id) { executionId seq cursor event {
        __typename ... on ExecutionStarted { at } ... on StepStarted { stepId stepKey attempt at }
        ... on StepFinished { executionStepId stepKey status output at }
        ... on ExecutionFinished { status at error { code message } } } } }";
    let mut socket = ada.socket().await;
    socket.subscribe("1", events, json!({ "id": id })).await;
    assert_snapshot!("execution_events", redacted(&json!(socket.events().await)));
    world.end().await;
}
