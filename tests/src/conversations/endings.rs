//! Generations end with what they are for, and with one terminal event.

use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use mongodb::bson::{Bson, DateTime, Document, doc};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};
use serde_json::json;
use triptych_server::services::ids::{GenerationId, Id as _};

use crate::harness::{
    Client, Follower, LocalServer, Reply, Step, StoredStream, World, attempts, get, hook, link, step, steps,
};

const GENERATION: &str = "query($id: ID!) { execution(id: $id) { status steps(first: 20) { nodes {
    status step { key } generation { id status epoch error { code } } } } } }";

fn ask(prompt: &str) -> Step {
    step("ai.prompt").key("ask").parameters(json!({ "model": "demo/echo", "prompt": prompt }))
}

/// Waits until the model responds to the AI step of an execution. Returns the id of the generation.
async fn streaming(client: &Client, execution: &str) -> String {
    let reply = client
        .until(GENERATION, json!({ "id": execution }), |reply| generation(reply, "STREAMING").is_some())
        .await;
    generation(&reply, "STREAMING").expect("a generation")
}

/// The generation of the AI step, if it has this status.
fn generation(reply: &Reply, status: &str) -> Option<String> {
    let steps = reply.at("/execution/steps/nodes").as_array()?;
    let ask = steps.iter().find(|step| step["step"]["key"] == "ask")?;
    let found = ask["generation"]["status"] == status;
    found.then(|| ask["generation"]["id"].as_str().expect("an id").to_owned())
}

/// The generations of the world, as documents.
async fn documents(world: &World) -> mongodb::Collection<Document> {
    let client = mongodb::Client::with_uri_str(world.mongo_url()).await.expect("MongoDB answers");
    client.database(&world.config.mongo.database).collection("generations")
}

fn key(generation: &str) -> Bson {
    let id: GenerationId = generation.parse().expect("an id");
    mongodb::bson::Uuid::from_bytes(id.uuid().into_bytes()).into()
}

#[tokio::test]
async fn canceling_an_execution_ends_its_generation() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let (flow, _) = ada.published_flow(steps([hook(), ask("5000 words rate:50")])).await;
    let execution = ada.run_flow(&flow, json!({})).await;
    let generation = streaming(&ada, &execution).await;
    let mut follower = Follower::default();
    let mut socket = ada.watch(&generation, None).await;
    follower.follow_until(5, &mut socket).await;
    let cancel =
        "mutation($id: ID!) { cancelExecution(input: { executionId: $id }) { execution { status } } }";
    ada.send(cancel, json!({ "id": execution })).await;
    follower.follow(&mut socket).await;
    assert_eq!(follower.end(), "GenerationAborted", "{:?}", follower.kinds());
    assert_eq!(ada.answered(&generation).await.at("/generation/status"), "ABORTED");
    let mut late = Follower::default();
    late.follow(&mut ada.watch(&generation, None).await).await;
    assert_eq!((late.end(), late.text()), ("GenerationAborted", follower.text()));
    assert_eq!(ada.finished(&execution).await.step("ask")["status"], "CANCELED");
    world.end().await;
}

#[tokio::test]
async fn a_failure_ends_the_generations_of_other_branches() {
    let world = World::start().await;
    let (ada, local) = (world.newcomer().await, LocalServer::start().await);
    let fails = get("fails", "http://127.0.0.1:1/").retry(json!({ "maxAttempts": 1 }));
    let held = get("held", &format!("{}/held", local.url));
    let graph = steps([hook(), ask("5000 words rate:50"), held, fails]);
    let links = json!([link("hook", "ask"), link("hook", "held"), link("held", "fails")]);
    let (flow, _) = ada.published_graph(graph, links).await;
    let execution = ada.run_flow(&flow, json!({})).await;
    let generation = streaming(&ada, &execution).await;
    local.release_all();
    assert_eq!(ada.finished(&execution).await.at("/execution/status"), "FAILED");
    assert_eq!(ada.answered(&generation).await.at("/generation/status"), "ABORTED");
    world.end().await;
}

async fn number(db: &DatabaseConnection, sql: &str) -> i64 {
    let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

#[tokio::test]
async fn a_generation_that_begins_after_the_cancellation_is_ended_before_it_runs() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let (flow, _) = ada.published_flow(steps([hook(), ask("5000 words rate:50")])).await;
    // The worker that has claimed the step waits for the owner of the flow.
    let holder = world.database().await;
    let execution = {
        let trigger = world.database().await;
        trigger.execute_unprepared("BEGIN; LOCK TABLE execution_steps IN EXCLUSIVE MODE").await.unwrap();
        let execution = ada.run_flow(&flow, json!({})).await;
        holder.execute_unprepared("BEGIN; LOCK TABLE flows IN ACCESS EXCLUSIVE MODE").await.unwrap();
        trigger.execute_unprepared("ROLLBACK").await.unwrap();
        execution
    };
    let mut attempts = attempts(Duration::from_secs(20));
    let running = "SELECT count(*) FROM execution_steps WHERE status = 'RUNNING'";
    while number(&holder, running).await == 0 {
        assert!(attempts.next().await, "the step was not claimed");
    }
    // The execution is cancelled, and what was there of it was stopped.
    let cancel = "UPDATE execution_steps SET status = 'CANCELED', finished_at = now(), lease_owner = NULL,
        lease_until = NULL WHERE finished_at IS NULL";
    holder.execute_unprepared(cancel).await.unwrap();
    let cancel = "UPDATE executions SET status = 'CANCELED', finished_at = now()";
    holder.execute_unprepared(cancel).await.unwrap();
    holder.execute_unprepared("COMMIT").await.unwrap();
    let ended = |reply: &Reply| generation(reply, "ABORTED").is_some();
    ada.until(GENERATION, json!({ "id": execution }), ended).await;
    let usage = "query($id: ID!) { flow(id: $id) { usage { calls } } }";
    assert_eq!(ada.send(usage, json!({ "id": flow })).await.at("/flow/usage/calls"), 0);
    world.end().await;
}

#[tokio::test]
async fn generations_whose_step_has_ended_are_found_and_end() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let (flow, _) = ada.published_flow(steps([hook(), ask("5 words")])).await;
    let mut generations = Vec::new();
    for _ in 0..2 {
        let execution = ada.run_flow(&flow, json!({})).await;
        ada.finished(&execution).await;
        let reply = ada.send(GENERATION, json!({ "id": execution })).await;
        generations.push(generation(&reply, "COMPLETED").expect("a response"));
    }
    // As if the worker of the first had died after the end of the execution, and the second had never been taken.
    let stored = documents(&world).await;
    let past = DateTime::from_millis(DateTime::now().timestamp_millis() - 1_000);
    let gone = doc! { "finishedAt": "", "usage": "", "finishReason": "" };
    let running = doc! { "status": "STREAMING", "leaseUntil": past };
    let queued = doc! { "status": "QUEUED", "epoch": 0, "lastSeq": 0_i64 };
    for (generation, state) in generations.iter().zip([running, queued]) {
        let update = doc! { "$set": state, "$unset": gone.clone() };
        let changed = stored.update_one(doc! { "_id": key(generation) }, update).await.unwrap();
        assert_eq!(changed.matched_count, 1);
        StoredStream::of(&world, generation).await.remove().await;
    }
    for generation in &generations {
        let ended = ada.answered(generation).await;
        assert_eq!(ended.at("/generation/status"), "FAILED", "{:#}", ended.0);
        assert_eq!(ended.at("/generation/error/code"), "ABANDONED");
        let mut follower = Follower::default();
        follower.follow(&mut ada.watch(generation, None).await).await;
        assert_eq!(follower.end(), "GenerationFailed", "{:?}", follower.kinds());
    }
    world.end().await;
}

#[tokio::test]
async fn the_clock_of_mongodb_decides_when_a_lease_expires() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    // Longer than two rounds of the reconciler, and than a renewal of the lease.
    let sent = ada.say("900 words rate:75").await;
    let mut socket = ada.watch(&sent.generation, None).await;
    let mut follower = Follower::default();
    follower.follow_until(5, &mut socket).await;
    // The clock of a worker that is an hour ahead.
    world.clock.advance(Duration::from_hours(1));
    follower.follow(&mut socket).await;
    assert_eq!((follower.end(), follower.restarts), ("GenerationCompleted", 0));
    assert_eq!(ada.answered(&sent.generation).await.at("/generation/epoch"), 1);
    world.end().await;
}

/// The reads and writes of generations within some seconds, and the documents that the reads looked at.
async fn watched(world: &World) -> (usize, i64) {
    let client = mongodb::Client::with_uri_str(world.mongo_url()).await.unwrap();
    let database = client.database(&world.config.mongo.database);
    database.run_command(doc! { "profile": 2 }).await.unwrap();
    tokio::time::timeout(Duration::from_secs(6), std::future::pending::<()>()).await.unwrap_err();
    database.run_command(doc! { "profile": 0 }).await.unwrap();
    let own = doc! { "ns": format!("{}.generations", world.config.mongo.database) };
    let profile = database.collection::<Document>("system.profile");
    let seen: Vec<Document> = profile.find(own).await.unwrap().try_collect().await.unwrap();
    let reads = seen.iter().filter(|entry| entry.get_str("op").is_ok_and(|op| op == "query"));
    let examined = reads.filter_map(|entry| entry.get_i32("docsExamined").ok()).map(i64::from).sum();
    (seen.len(), examined)
}

#[tokio::test]
async fn keeping_many_generations_costs_as_few_statements_as_keeping_one() {
    const MANY: usize = 1_000;
    let world = World::start_with(&|config| config.workers.generation = MANY).await;
    let ada = world.newcomer().await;
    let asked = (0..MANY).map(|_| async { ada.say("5000 words rate:1").await.generation });
    let sent: Vec<String> = stream::iter(asked).buffer_unordered(20).collect().await;
    let stored = documents(&world).await;
    let mut attempts = attempts(Duration::from_mins(3));
    while stored.count_documents(doc! { "status": "STREAMING" }).await.unwrap() < MANY as u64 {
        assert!(attempts.next().await, "not all were begun");
    }
    let (mut statements, mut examined) = watched(&world).await;
    // Five polls a second, two rounds of the reconciler, two renewals; more while the last ones read their threads.
    while statements >= 80 && attempts.next().await {
        (statements, examined) = watched(&world).await;
    }
    println!("{MANY} generations: {statements} statements in 6 s, {examined} documents examined");
    assert!(statements < 80, "{statements} statements in 6 s");
    assert!(examined < 200, "{examined} documents are read");
    let cancel =
        "mutation($id: ID!) { cancelGeneration(input: { generationId: $id }) { generation { id } } }";
    let canceled = sent.iter().map(|generation| ada.send(cancel, json!({ "id": generation })));
    stream::iter(canceled).buffer_unordered(20).collect::<Vec<_>>().await;
    for generation in &sent {
        assert_eq!(ada.answered(generation).await.at("/generation/status"), "ABORTED");
    }
    world.end().await;
}
