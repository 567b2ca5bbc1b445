//! Quotas of organizations.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Client, World, hook, steps, text};

async fn post(client: &Client, url: &str, body: &Value) -> (u16, Value) {
    let response = client.http().post(url).json(body).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn an_organization_starts_as_many_executions_a_day_as_its_quota() {
    let world = World::start_with(&|config| config.quotas.executions_per_day = 3).await;
    let (ada, eve) = (world.newcomer().await, world.newcomer().await);
    let (flow, url) = ada.published_flow(steps([hook(), text("a", "x")])).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let (status, body) = post(&ada, &url, &json!({})).await;
        assert_eq!(status, 202, "{body}");
        ids.push(body["executionId"].as_str().unwrap().to_owned());
    }
    let (status, body) = post(&ada, &url, &json!({})).await;
    assert_eq!(status, 429);
    let extensions = &body["errors"][0]["extensions"];
    assert_eq!(extensions["code"], "LIMIT_EXCEEDED", "{body}");
    assert_eq!(extensions["quota"], "executions_per_day");
    let run = "mutation($id: ID!) { runFlow(input: { flowId: $id }) { execution { id } } }";
    let refused = ada.refused(run, json!({ "id": flow }), "LIMIT_EXCEEDED").await;
    assert_eq!(refused.0["errors"][0]["extensions"]["quota"], "executions_per_day");
    // Others are not affected, and the next day is a new one.
    let (_, theirs) = eve.published_flow(steps([hook(), text("a", "x")])).await;
    let (status, body) = post(&eve, &theirs, &json!({})).await;
    assert_eq!(status, 202, "{body}");
    eve.finished(body["executionId"].as_str().unwrap()).await;
    for id in &ids {
        ada.finished(id).await;
    }
    world.clock.advance(Duration::from_hours(24));
    let ada = world.signed_in_again(&ada).await;
    let (status, body) = post(&ada, &url, &json!({})).await;
    assert_eq!(status, 202, "{body}");
    ada.finished(body["executionId"].as_str().unwrap()).await;
    world.end().await;
}

#[tokio::test]
async fn stored_bytes_count_for_triggers_and_large_outputs() {
    let world = World::start_with(&|config| config.quotas.bytes_per_month = 300_000).await;
    let ada = world.newcomer().await;
    let (_, url) = ada.published_flow(steps([hook(), text("large", "{{ 'y' * 100000 }}")])).await;
    // The trigger's data, and the input and the output of the step.
    for accepted in [true, false] {
        let (status, body) = post(&ada, &url, &json!({ "text": "x".repeat(110_000) })).await;
        if accepted {
            assert_eq!(status, 202, "{body}");
            ada.finished(body["executionId"].as_str().unwrap()).await;
        } else {
            assert_eq!(body["errors"][0]["extensions"]["quota"], "bytes_per_month", "{body}");
        }
    }
    world.end().await;
}
