//! What the API tells about its schema.

use serde_json::{Value, json};

use crate::harness::World;

const UNKNOWN: &str = "{ viewerr { user { id } } }";

#[tokio::test]
async fn introspection_and_suggestions_can_be_disabled() {
    let world = World::start_with(&|config| {
        config.graphql.introspection = false;
        config.graphql.suggestions = false;
    })
    .await;
    let ada = world.newcomer().await;
    let schema = "{ __schema { queryType { name } } }";
    let hidden = "query { ...F } fragment F on Query { a: __type(name: \"User\") { name } }";
    let nested = "{ viewer { user { id } } __schema { types { name } } }";
    for query in [schema, hidden, nested] {
        let refused = ada.refused(query, json!({}), "BAD_USER_INPUT").await;
        assert_eq!(refused.0["errors"][0]["message"], "introspection is disabled");
        let mut socket = ada.socket().await;
        socket.subscribe("1", query, json!({})).await;
        assert_eq!(socket.read().await["payload"][0]["message"], "introspection is disabled");
    }
    assert_eq!(*ada.send("{ __typename }", json!({})).await.at("/__typename"), "Query");
    assert!(!message(&world, UNKNOWN).await.contains("\"viewer\""));
    world.end().await;
}

#[tokio::test]
async fn suggestions_help_by_default() {
    let world = World::start().await;
    assert!(message(&world, UNKNOWN).await.contains("\"viewer\""));
    world.end().await;
}

/// The message of the first error.
async fn message(world: &World, query: &str) -> String {
    let request =
        world.anonymous().http().post(format!("{}/graphql", world.url)).json(&json!({ "query": query }));
    let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    answer["errors"][0]["message"].as_str().expect("a message").to_owned()
}
