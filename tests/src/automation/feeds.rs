//! Subscriptions to an execution whose stream was lost.

use serde_json::{Value, json};

use crate::harness::{Client, LocalServer, World, get, hook, steps, text};

const FOLLOW: &str = "subscription($id: ID!, $after: String) {
    executionEvents(executionId: $id, after: $after) {
      cursor event { __typename ... on StepStarted { stepKey } ... on StepFinished { stepKey status } } } }";

/// The events up to the end, as `Type key`.
async fn followed(client: &Client, id: &str, after: Option<&str>) -> Vec<String> {
    let mut socket = client.socket().await;
    socket.subscribe("1", FOLLOW, json!({ "id": id, "after": after })).await;
    socket.events().await.iter().map(name).collect()
}

fn name(data: &Value) -> String {
    let event = &data["executionEvents"]["event"];
    let kind = event["__typename"].as_str().unwrap();
    event["stepKey"].as_str().map_or_else(|| kind.to_owned(), |key| format!("{kind} {key}"))
}

fn times(events: &[String], event: &str) -> usize {
    events.iter().filter(|known| *known == event).count()
}

#[tokio::test]
async fn the_history_replaces_events_of_a_lost_stream_without_duplicates() {
    let world = World::start().await;
    let (ada, local) = (world.newcomer().await, LocalServer::start().await);
    let steps = steps([hook(), get("slow", &format!("{}/held", local.url)), text("after", "x")]);
    let (flow, _) = ada.published_flow(steps).await;
    let id = ada.run_flow(&flow, json!({})).await;
    let mut socket = ada.socket().await;
    socket.subscribe("1", FOLLOW, json!({ "id": id })).await;
    let cursor = loop {
        let event = socket.event().await.expect("the slow step is not finished");
        if name(&event) == "StepStarted slow" {
            break event["executionEvents"]["cursor"].as_str().unwrap().to_owned();
        }
    };
    // Later events are published to a new stream.
    world.flush_redis().await;
    local.release_all();
    let mut live = Vec::new();
    while let Some(event) = socket.event().await {
        live.push(name(&event));
    }
    let ada = world.signed_in_again(&ada).await;
    ada.finished(&id).await;
    let late = followed(&ada, &id, None).await;
    let returning = followed(&ada, &id, Some(&cursor)).await;
    for (who, events) in [("live", &live), ("late", &late), ("returning", &returning)] {
        for step in ["slow", "after"] {
            assert_eq!(times(events, &format!("StepFinished {step}")), 1, "{who}: {events:?}");
        }
        assert_eq!(times(events, "ExecutionFinished"), 1, "{who}: {events:?}");
        assert_eq!(events.last().map(String::as_str), Some("ExecutionFinished"), "{who}: {events:?}");
    }
    assert_eq!(times(&late, "StepFinished hook"), 1, "{late:?}");
    assert_eq!(times(&live, "StepFinished hook"), 0, "it was received before: {live:?}");
    let mut socket = ada.socket().await;
    for beyond in ["9999999999999-1", "x"] {
        socket.subscribe("1", FOLLOW, json!({ "id": id, "after": beyond })).await;
        assert_eq!(socket.refusal().await, "BAD_USER_INPUT", "{beyond}");
    }
    world.end().await;
}
