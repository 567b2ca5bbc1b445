//! Events of executions that Redis lost, or never received: subscribers and synchronous webhooks get them from the
//! history.

use std::time::Duration;

use sea_orm::ConnectionTrait as _;
use serde_json::{Value, json};

use crate::harness::{
    Client, Gate, LocalServer, Socket, StoredStream, World, attempts, engines, get, hook, steps, text,
};

const FOLLOW: &str = "subscription($id: ID!, $after: String) {
    executionEvents(executionId: $id, after: $after) {
      cursor event { __typename ... on StepStarted { stepKey } ... on StepFinished { stepKey status } } } }";

/// `Type key` of an event, and its cursor.
fn read(data: &Value) -> (String, String) {
    let envelope = &data["executionEvents"];
    let event = &envelope["event"];
    let kind = event["__typename"].as_str().unwrap();
    let name = event["stepKey"].as_str().map_or_else(|| kind.to_owned(), |key| format!("{kind} {key}"));
    (name, envelope["cursor"].as_str().unwrap().to_owned())
}

async fn follow(client: &Client, id: &str, after: Option<&str>) -> Socket {
    let mut socket = client.socket().await;
    socket.subscribe("1", FOLLOW, json!({ "id": id, "after": after })).await;
    socket
}

/// Reads up to this event. Returns the names of the events, and the last cursor.
async fn until(socket: &mut Socket, event: &str) -> (Vec<String>, String) {
    let mut names = Vec::new();
    loop {
        let (name, cursor) = read(&socket.event().await.unwrap_or_else(|| panic!("no {event}: {names:?}")));
        names.push(name);
        if names.last().is_some_and(|name| name == event) {
            return (names, cursor);
        }
    }
}

async fn rest(socket: &mut Socket) -> Vec<String> {
    socket.events().await.iter().map(|data| read(data).0).collect()
}

/// Checks that an event came once.
fn once(who: &str, events: &[String], names: &[&str]) {
    for name in names {
        assert_eq!(events.iter().filter(|event| event == name).count(), 1, "{name}, {who}: {events:?}");
    }
    assert_eq!(events.last().map(String::as_str), Some("ExecutionFinished"), "{who}: {events:?}");
}

#[tokio::test]
async fn a_stream_that_lost_its_end_is_completed_from_the_history() {
    let world = World::start().await;
    let (ada, local) = (world.newcomer().await, LocalServer::start().await);
    let graph = steps([hook(), get("slow", &format!("{}/held", local.url)), text("after", "x")]);
    let (flow, _) = ada.published_flow(graph).await;
    let id = ada.run_flow(&flow, json!({})).await;
    let mut live = follow(&ada, &id, None).await;
    let (_, cursor) = until(&mut live, "StepStarted slow").await;
    local.held(1).await;
    let mut stream = StoredStream::of(&world, &id).await;
    stream.keep(3).await;
    // Nothing was appended since: the client is told the present state.
    let mut returning = follow(&ada, &id, Some(&cursor)).await;
    let told = until(&mut returning, "StepStarted slow").await.0;
    assert_eq!(told, ["StepFinished hook", "StepStarted slow"]);

    // The next event gets the position of one that both have received.
    local.release_all();
    ada.finished(&id).await;
    for (who, events) in [("live", rest(&mut live).await), ("returning", rest(&mut returning).await)] {
        once(who, &events, &["StepFinished slow", "StepFinished after"]);
        assert!(!events.contains(&"StepFinished hook".to_owned()), "{who} received it before: {events:?}");
    }
    let again = rest(&mut follow(&ada, &id, Some(&cursor)).await).await;
    once("again", &again, &["StepFinished slow", "StepFinished after"]);
    let all = ["StepFinished hook", "StepFinished slow", "StepFinished after"];
    once("late", &rest(&mut follow(&ada, &id, None).await).await, &all);

    // The end is lost too.
    let (_, cursor) = {
        let mut whole = follow(&ada, &id, None).await;
        until(&mut whole, "StepFinished after").await
    };
    stream.keep(2).await;
    once("late", &rest(&mut follow(&ada, &id, None).await).await, &all);
    once("returning to the end", &rest(&mut follow(&ada, &id, Some(&cursor)).await).await, &all);
    world.end().await;
}

#[tokio::test]
async fn events_that_were_not_published_are_told_from_the_history() {
    let world = World::start().await;
    let (ada, local) = (world.newcomer().await, LocalServer::start().await);
    let held = format!("{}/held", local.url);
    let (flow, _) = ada
        .published_flow(steps([hook(), get("first", &held), get("second", &held), get("third", &held)]))
        .await;
    let id = ada.run_flow(&flow, json!({})).await;
    let mut live = follow(&ada, &id, None).await;
    let (_, cursor) = until(&mut live, "StepStarted first").await;
    local.held(1).await;
    // As if each worker was killed between its commit and its announcement. The stream has no gap afterwards.
    let mut stream = StoredStream::of(&world, &id).await;
    let dump = stream.block().await;
    local.release(1);
    local.held(2).await;
    stream.unblock(dump).await;
    let (told, _) = until(&mut live, "StepFinished first").await;
    assert_eq!(told, ["StepFinished first"], "while the next step runs");

    let dump = stream.block().await;
    local.release(2);
    local.held(3).await;
    stream.unblock(dump).await;
    local.release_all();
    once("live", &rest(&mut live).await, &["StepFinished second", "StepFinished third"]);
    let returning = rest(&mut follow(&ada, &id, Some(&cursor)).await).await;
    once("returning", &returning, &["StepFinished first", "StepFinished second", "StepFinished third"]);
    assert!(!returning.contains(&"StepFinished hook".to_owned()), "{returning:?}");
    world.end().await;
}

#[tokio::test]
async fn a_synchronous_webhook_answers_from_the_history_while_redis_fails() {
    let redis = engines().await.redis_url.clone();
    let address = redis.split(['@', '/']).find(|part| part.starts_with("127.0.0.1:")).expect("an address");
    let gate = Gate::to(address).await;
    let url = redis.replace(address, &gate.address);
    let world = World::start_with(&|config| config.redis.stream_url = Some(url.clone().into())).await;
    let (ada, local) = (world.newcomer().await, LocalServer::start().await);
    let graph = steps([hook(), get("slow", &format!("{}/held", local.url)), text("after", "done")]);
    let (_, url) = ada.published_flow(graph).await;
    let waiting = tokio::spawn(ada.http().post(format!("{url}/sync")).json(&json!({})).send());
    local.held(1).await;
    gate.close();
    local.release_all();
    let answer = waiting.await.unwrap().unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.json::<Value>().await.unwrap()["value"], "done");
    gate.open();
    world.end().await;
}

#[tokio::test]
async fn a_synchronous_webhook_that_was_accepted_is_not_refused_when_a_database_fails() {
    let world = World::start_with(&|config| config.postgres.acquire_timeout_ms = 1_000).await;
    let (ada, local) = (world.newcomer().await, LocalServer::start().await);
    let (flow, url) = ada.published_flow(steps([hook(), get("slow", &format!("{}/held", local.url))])).await;
    let waiting = tokio::spawn(ada.http().post(format!("{url}/sync")).json(&json!({})).send());
    local.held(1).await;
    let started = "query($id: ID!) { flow(id: $id) { executions { nodes { id } } } }";
    let id = ada.send(started, json!({ "id": flow })).await.text("/flow/executions/nodes/0/id");
    let (admin, name) = (engines().await.admin().await, &world.config.mongo.database);
    let shut = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false");
    let cut = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    for sql in [&shut, &cut] {
        admin.execute_unprepared(sql).await.expect("the database is shut");
    }
    // The answer cannot be read.
    let end = json!({ "type": "execution_finished", "status": "SUCCEEDED", "error": null,
                      "at": "2026-01-01T00:00:00Z" });
    StoredStream::of(&world, &id).await.append(&end).await;
    let answer = waiting.await.unwrap().unwrap();
    assert_eq!(answer.status(), 202);
    assert_eq!(answer.json::<Value>().await.unwrap()["executionId"], id);
    local.release_all();
    let open = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true");
    admin.execute_unprepared(&open).await.expect("the database is open");
    // The pool opens connections again after a moment.
    let mut attempts = attempts(Duration::from_secs(20));
    while !ada.ask("{ viewer { user { id } } }", json!({})).await.code().is_empty() {
        assert!(attempts.next().await, "the database is open");
    }
    assert_eq!(ada.finished(&id).await.at("/execution/status"), "SUCCEEDED");
    world.end().await;
}
