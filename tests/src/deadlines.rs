//! Calls of databases end: work continues after connections stop to answer, and tasks that do not succeed are seen.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Client, Proxy, World, attempts, hook, steps, text};

/// The state of a background task in the answer of the readiness probe.
async fn task(world: &World, name: &str) -> Value {
    let address = format!("http://{}/health/ready", world.ops());
    let ready = world.anonymous().http().get(address).send().await.unwrap();
    let ready: Value = ready.json().await.unwrap();
    ready["tasks"][name].clone()
}

/// Runs a flow to its end. Requests may fail, as may those of a client whose connection is lost.
async fn runs_again(client: &Client, flow: &str) {
    let run = "mutation($id: ID!) { runFlow(input: { flowId: $id }) { execution { id } } }";
    let mut patience = attempts(Duration::from_secs(30));
    let id = loop {
        assert!(patience.next().await, "no request succeeds");
        let reply = client.ask(run, json!({ "id": flow })).await;
        if let Some(id) = reply.0["data"]["runFlow"]["execution"]["id"].as_str() {
            break id.to_owned();
        }
    };
    let status = "query($id: ID!) { execution(id: $id) { status } }";
    let mut patience = attempts(Duration::from_mins(1));
    while client.ask(status, json!({ "id": id })).await.0["data"]["execution"]["status"] != "SUCCEEDED" {
        assert!(patience.next().await, "the execution does not end");
    }
}

#[tokio::test]
async fn work_continues_after_the_connections_to_postgres_stall() {
    let mut world = World::start().await;
    let ada = world.newcomer().await;
    let proxy = Proxy::postgres(&world.postgres_url()).await;
    let url = proxy.url.clone();
    world
        .restart_with(|config| {
            config.postgres.url = Some(url.into());
            config.postgres.statement_timeout_seconds = 2;
            config.postgres.acquire_timeout_ms = 2_000;
        })
        .await;
    let ada = ada.moved_to(&world.url);
    let (flow, _) = ada.published_flow(steps([hook(), text("after", "x")])).await;
    runs_again(&ada, &flow).await;
    let opened = proxy.opened();
    assert!(opened > 3, "the server uses the proxy");
    proxy.stall();
    runs_again(&ada, &flow).await;
    assert!(proxy.opened() > opened, "the connections were replaced");
    let mut patience = attempts(Duration::from_secs(30));
    for name in ["relay", "housekeeping", "schedules", "leases"] {
        while task(&world, name).await["secondsSinceSuccess"].as_f64().is_none_or(|seconds| seconds > 6.0) {
            assert!(patience.next().await, "{name}: {}", task(&world, name).await);
        }
    }
    world.end().await;
}

#[tokio::test]
async fn workers_whose_connections_to_redis_stall_are_replaced() {
    let mut world = World::start().await;
    let ada = world.newcomer().await;
    let proxy = Proxy::redis(&world.redis_url()).await;
    let url = proxy.url.clone();
    world.restart_with(|config| config.redis.url = Some(url.into())).await;
    let ada = ada.moved_to(&world.url);
    let (flow, _) = ada.published_flow(steps([hook(), text("after", "x")])).await;
    runs_again(&ada, &flow).await;
    let opened = proxy.opened();
    proxy.stall_waiting();
    runs_again(&ada, &flow).await;
    assert!(proxy.opened() > opened, "other connections were opened");
    world.end().await;
}

#[tokio::test]
async fn a_relay_that_does_not_move_is_seen_in_health_and_metrics() {
    let world = World::start().await;
    let db = world.database().await;
    assert_eq!(task(&world, "relay").await["late"], false);
    let rename = async |from: &str, to: &str| {
        let sql = format!("ALTER TABLE {from} RENAME TO {to}");
        sea_orm::ConnectionTrait::execute_unprepared(&db, &sql).await.unwrap();
    };
    rename("outbox", "elsewhere").await;
    let mut patience = attempts(Duration::from_mins(1));
    while task(&world, "relay").await["late"] != true {
        assert!(patience.next().await, "it is never late");
    }
    let address = format!("http://{}/metrics", world.ops());
    let metrics = world.anonymous().http().get(address).send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("triptych_task_late{task=\"relay\"} 1"), "{metrics}");
    assert!(metrics.contains("triptych_task_seconds_since_success{task=\"schedules\"}"), "{metrics}");
    rename("elsewhere", "outbox").await;
    while task(&world, "relay").await["late"] != false {
        assert!(patience.next().await, "it does not succeed again");
    }
    world.end().await;
}
