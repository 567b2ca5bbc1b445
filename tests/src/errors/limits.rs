//! Requests that exceed a limit.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{asked, post, subscribed};
use crate::harness::{World, redacted};

/// Low limits, which short documents exceed.
async fn world() -> World {
    World::start_with(&|config| {
        config.limits.depth = 5;
        config.limits.complexity = 200;
        config.limits.aliases = 3;
        config.limits.directives = 3;
        config.limits.tokens = 250;
        config.limits.batch_size = 2;
        config.limits.subscriptions_per_connection = 1;
        config.http.body_limit = 100_000;
    })
    .await
}

#[tokio::test]
async fn limits_of_documents() {
    let world = world().await;
    // These limits would also refuse the document that signs up.
    let ada = world.newcomer().await;
    let deep = "{ flows { nodes { draft { flow { draft { id } } } } } }";
    let complex = "{ flows(first: 100) { nodes { id name status } } }";
    let aliases = "{ a: __typename b: __typename c: __typename d: __typename }";
    let directives = format!("{{ __typename {} }}", "@include(if: true) ".repeat(4));
    let tokens = format!("{{ {} }}", "__typename ".repeat(300));
    let brackets = format!("{{ node(id: {}1{}) {{ id }} }}", "[".repeat(100), "]".repeat(100));
    let cycle = "{ viewer { ...A } } fragment A on Viewer { ...B } fragment B on Viewer { ...A }";
    for (name, document) in [
        ("depth", deep),
        ("complexity", complex),
        ("aliases", aliases),
        ("directives", &directives),
        ("tokens", &tokens),
        ("nesting", &brackets),
        ("fragments", cycle),
    ] {
        let answer = asked(&ada, document, json!({})).await;
        assert!(answer.contains("LIMIT_EXCEEDED"), "{name}: {answer}");
        assert_snapshot!(format!("limit_{name}"), answer);
        let answer = subscribed(&mut ada.socket().await, document, json!({})).await;
        assert_snapshot!(format!("limit_{name}_socket"), answer);
    }
    world.end().await;
}

#[tokio::test]
async fn limits_of_requests() {
    let world = world().await;
    let ada = world.newcomer().await;
    let one = json!({ "query": "{ __typename }" });
    assert_snapshot!("limit_batch", post(&ada, json!([one, one, one]).to_string()).await);
    let large = json!({ "query": "{ __typename }", "variables": { "x": "x".repeat(200_000) } });
    assert_snapshot!("limit_body", post(&ada, large.to_string()).await);
    let many: Vec<Value> = (0..101).map(|_| json!("flow_01h2xcejqtf2nbrexx3vqjhp41")).collect();
    let nodes = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename } }";
    assert_snapshot!("too_many_ids", asked(&ada, nodes, json!({ "ids": many })).await);
    world.end().await;
}

#[tokio::test]
async fn limits_of_connections() {
    let world = world().await;
    let ada = world.newcomer().await;
    let sent = ada.say("5000 words rate:50").await;
    let mut socket = ada.socket().await;
    let events = "subscription($id: ID!) { generationEvents(generationId: $id) { seq } }";
    socket.subscribe("1", events, json!({ "id": sent.generation })).await;
    socket.subscribe("2", events, json!({ "id": sent.generation })).await;
    let refusal = loop {
        let message = socket.read().await;
        if message["id"] == "2" {
            break message;
        }
    };
    assert_snapshot!("limit_subscriptions", redacted(&refusal));
    let cancel =
        "mutation($id: ID!) { cancelGeneration(input: { generationId: $id }) { generation { id } } }";
    ada.send(cancel, json!({ "id": sent.generation })).await;
    ada.answered(&sent.generation).await;
    world.end().await;
}
