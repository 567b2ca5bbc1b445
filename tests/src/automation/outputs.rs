//! Large outputs: where they are stored, and what reads them.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Client, Reply, World, attempts, hook, steps, text};

const EVENTS: &str =
    "subscription($id: ID!, $after: String) { executionEvents(executionId: $id, after: $after) {
    cursor event { __typename ... on StepFinished { stepKey status output } } } }";

/// A body of a webhook of about 1.9 MB.
fn body() -> Value {
    json!({ "text": "x".repeat(1_900_000) })
}

async fn post(client: &Client, url: &str, body: &Value) -> String {
    let response = client.http().post(url).json(body).send().await.unwrap();
    assert_eq!(response.status(), 202);
    response.json::<Value>().await.unwrap()["executionId"].as_str().unwrap().to_owned()
}

/// The bytes of all keys of the world.
async fn redis_bytes(world: &World) -> usize {
    let client = redis::Client::open(world.redis_url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let script = redis::Script::new(
        "local bytes = 0
         for _, pattern in ipairs(ARGV) do
           for _, key in ipairs(redis.call('KEYS', pattern)) do
             bytes = bytes + redis.call('MEMORY', 'USAGE', key, 'SAMPLES', 0)
           end
         end
         return bytes",
    );
    let prefix = &world.config.redis.prefix;
    let mut call = script.prepare_invoke();
    call.arg(format!("{prefix}:*")).arg(format!("{{{prefix}}}:*"));
    call.invoke_async(&mut connection).await.unwrap()
}

#[tokio::test]
async fn executions_that_nobody_watches_leave_little_in_redis() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let (_, url) =
        ada.published_flow(steps([hook(), text("copy", "{{ trigger.body.text | length }}")])).await;
    let before = redis_bytes(&world).await;
    let mut ids = Vec::new();
    for _ in 0..20 {
        ids.push(post(&ada, &url, &body()).await);
    }
    let query = "query($id: ID!) { execution(id: $id) { status finishedAt error { code message } } }";
    for id in &ids {
        let ended = |reply: &Reply| !reply.at("/execution/finishedAt").is_null();
        let done = ada.until(query, json!({ "id": id }), ended).await;
        assert_eq!(done.at("/execution/status"), "SUCCEEDED", "{:#}", done.0);
    }
    let added = redis_bytes(&world).await.saturating_sub(before);
    assert!(added < ids.len() * 20_000, "{} executions left {added} bytes", ids.len());

    // Streams end minutes after their executions.
    let client = redis::Client::open(world.redis_url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let limit = world.config.redis.finished_stream_seconds;
    for id in &ids {
        let key = format!("{}:live:{{{id}}}", world.config.redis.prefix);
        let mut attempts = attempts(Duration::from_secs(10));
        let mut left = -2_i64;
        while attempts.next().await {
            left = redis::cmd("TTL").arg(&key).query_async(&mut connection).await.unwrap();
            if (0..=limit.cast_signed()).contains(&left) {
                break;
            }
        }
        assert!((0..=limit.cast_signed()).contains(&left), "{key} is kept for {left} s");
    }
    world.end().await;
}

#[tokio::test]
async fn a_large_output_is_read_when_an_event_refers_to_it() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let (_, url) =
        ada.published_flow(steps([hook(), text("large", "{{ 'y' * 300000 }}"), text("small", "hey")])).await;
    let id = post(&ada, &url, &body()).await;
    let mut socket = ada.socket().await;
    socket.subscribe("1", EVENTS, json!({ "id": id })).await;
    let events = socket.events().await;
    let output = |key: &str| {
        let found = events.iter().find(|event| event["executionEvents"]["event"]["stepKey"] == key);
        found.unwrap_or_else(|| panic!("no end of {key}"))["executionEvents"]["event"]["output"].clone()
    };
    assert_eq!(output("hook")["body"]["text"].as_str().unwrap().len(), 1_900_000);
    assert_eq!(output("large")["value"].as_str().unwrap().len(), 300_000);
    assert_eq!(output("small")["value"], "hey");

    // Other organizations get nothing through an event of this one.
    let eve = world.newcomer().await;
    let mut socket = eve.socket().await;
    socket.subscribe("1", EVENTS, json!({ "id": id })).await;
    assert_eq!(socket.refusal().await, "NOT_FOUND");
    world.end().await;
}

#[tokio::test]
async fn a_synchronous_webhook_answers_with_a_large_output() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let (_, url) = ada.published_flow(steps([hook(), text("large", "{{ 'y' * 300000 }}")])).await;
    let answer = ada.http().post(format!("{url}/sync")).json(&body()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.json::<Value>().await.unwrap()["value"].as_str().unwrap().len(), 300_000);
    world.end().await;
}

#[tokio::test]
async fn an_error_that_postgresql_refuses_is_stored_once() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let template = "{{ \"2026-01-01\" | date(\"%Y\", \"\\x00\") }}";
    let (flow, _) = ada.published_flow(steps([hook(), text("bad", template)])).await;
    let id = ada.run_flow(&flow, json!({})).await;
    let done = ada.finished(&id).await;
    let bad = done.step("bad");
    assert_eq!((&bad["status"], &bad["attempt"]), (&json!("FAILED"), &json!(1)), "{bad:#}");
    assert_eq!(bad["error"]["code"], "TEMPLATE_FAILED");
    assert!(bad["error"]["message"].as_str().unwrap().contains('\u{FFFD}'), "{bad:#}");
    world.end().await;
}
