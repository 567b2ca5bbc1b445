//! Many subscriptions to which nothing happens.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::Target;
use crate::harness::{Client, Socket, attempts, delay, hook, steps};

const EXECUTIONS: usize = 200;
const SOCKETS: usize = 40;
const SUBSCRIPTIONS: usize = 100;
/// Time over which CPU time is measured.
const PERIOD: Duration = Duration::from_secs(10);
/// CPU seconds a second that all subscriptions may take together.
const CPU_LIMIT: f64 = 0.05;
/// Bytes that one subscription may add to the process, with what the allocator keeps of the work of opening it.
const MEMORY_LIMIT: u64 = 20_000;

/// Starts executions that wait for an hour.
async fn waiting(client: &Client) -> Vec<String> {
    let (_, webhook) = client.published_flow(steps([hook(), delay("wait", 3_600.0)])).await;
    let mut executions = Vec::new();
    for _ in 0..EXECUTIONS {
        let call = client.http().post(&webhook).json(&json!({})).send().await.expect("it answers");
        let answer: serde_json::Value = call.json().await.expect("JSON");
        executions.push(answer["executionId"].as_str().expect("an id").to_owned());
    }
    for execution in &executions {
        let query = "query($id: ID!) { execution(id: $id) { status } }";
        client
            .until(query, json!({ "id": execution }), |reply| reply.at("/execution/status") == "WAITING")
            .await;
    }
    executions
}

#[tokio::test]
async fn idle_subscriptions_cost_no_cpu_and_little_memory() {
    let settings = [("TRIPTYCH__LIMITS__SUBSCRIPTIONS_PER_USER", "100000")];
    let target = Target::start_with("idle", &settings).await;
    let client = target.anonymous().signed_up().await;
    let executions = waiting(&client).await;
    let (idle, memory) = (target.cpu(PERIOD).await, target.resident());
    let mut sockets: Vec<Socket> = Vec::new();
    let query = "subscription($id: ID!) { executionEvents(executionId: $id) { seq event { __typename } } }";
    for n in 0..SOCKETS {
        let mut socket = client.socket().await;
        for m in 0..SUBSCRIPTIONS {
            let id = &executions[(n * SUBSCRIPTIONS + m) % EXECUTIONS];
            socket.subscribe(&m.to_string(), query, json!({ "id": id })).await;
        }
        // Each receives what has happened so far.
        let mut silent = std::collections::HashSet::new();
        while silent.len() < SUBSCRIPTIONS {
            let message = socket.read().await;
            let event = &message["payload"]["data"]["executionEvents"]["event"]["__typename"];
            if event == "ExecutionWaiting" {
                silent.insert(message["id"].as_str().expect("an id").to_owned());
            }
        }
        sockets.push(socket);
    }
    // The first checks of the channels are over when the CPU time is low.
    let begun = Instant::now();
    let mut cpu = target.cpu(PERIOD).await;
    let mut attempts = attempts(Duration::from_mins(1));
    while cpu > idle + CPU_LIMIT && attempts.next().await {
        cpu = target.cpu(PERIOD).await;
    }
    let count = SOCKETS * SUBSCRIPTIONS;
    let each = target.resident().saturating_sub(memory) / count as u64;
    println!(
        "{count} idle subscriptions: {cpu:.3} of a core, {idle:.3} without them; {each} bytes each; {:?}",
        begun.elapsed()
    );
    assert!(cpu <= idle + CPU_LIMIT, "{cpu} of a core, {idle} without them");
    assert!(each <= MEMORY_LIMIT, "{each} bytes each");
    drop(sockets);
    target.end().await;
}
