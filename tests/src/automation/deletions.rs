//! Deleting flows with a history: hidden at once, removed in the background, and felt by no one else.

use std::time::Duration;

use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::harness::{Client, LocalServer, Reply, World, attempts, delay, get, hook, step, steps, text};

const DELETE: &str = "mutation($id: ID!) { deleteFlow(input: { flowId: $id }) { deletedId
    deletion { id deletedId status total removed createdAt finishedAt } } }";
const DELETION: &str = "query($id: ID!) { node(id: $id) { ... on Deletion {
    deletedId status total removed finishedAt } } }";

/// Waits for the end of a deletion.
async fn removed(client: &Client, deletion: &str) -> Reply {
    let done = |reply: &Reply| reply.at("/node/status") == "COMPLETED";
    client.until(DELETION, json!({ "id": deletion }), done).await
}

async fn number(db: &DatabaseConnection, sql: &str) -> i64 {
    let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

async fn texts(db: &DatabaseConnection, sql: &str) -> Vec<String> {
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

/// Inserts executions of the only published flow with this name, each with its trigger's step.
async fn insert_history(world: &World, flow_name: &str, count: usize) {
    let db = world.database().await;
    let executions = format!(
        "INSERT INTO executions (id, organization_id, flow_id, version_id, status, source, trigger, job_id,
             created_at, started_at, finished_at)
         SELECT gen_random_uuid(), organization_id, id, published_version_id, 'SUCCEEDED', 'WEBHOOK',
             jsonb_build_object('body', repeat('x', 200)), gen_random_uuid(), now(), now(), now()
         FROM flows, generate_series(1, {count}) WHERE name = '{flow_name}'"
    );
    let steps =
        "INSERT INTO execution_steps (id, organization_id, execution_id, step_id, status, output, created_at,
             finished_at)
         SELECT gen_random_uuid(), e.organization_id, e.id, s.id, 'SUCCEEDED', e.trigger, now(), now()
         FROM executions e JOIN steps s ON s.version_id = e.version_id AND s.kind = 'TRIGGER'
         WHERE NOT EXISTS (SELECT FROM execution_steps x WHERE x.execution_id = e.id)";
    for sql in [executions.as_str(), steps] {
        db.execute_unprepared(sql).await.unwrap();
    }
}

async fn rename(client: &Client, flow: &str, name: &str) {
    let rename = "mutation($id: ID!, $name: String) {
        updateFlowDraft(input: { flowId: $id, name: $name }) { flow { id } } }";
    client.send(rename, json!({ "id": flow, "name": name })).await;
}

/// A flow with an execution that has ended and one whose last step is held.
struct Doomed {
    flow: String,
    url: String,
    running: String,
    /// The ids of the flow and of what belongs to it.
    ids: Vec<String>,
    /// The generation of the execution that has ended.
    generation: String,
}

impl Doomed {
    async fn of(ada: &Client, local: &LocalServer) -> Self {
        let prompt = json!({ "model": "demo/echo", "prompt": "Hello" });
        let ask = step("ai.prompt").key("ask").parameters(prompt);
        let graph = steps([hook(), ask, get("slow", &format!("{}/held", local.url))]);
        let (flow, url) = ada.published_flow(graph).await;
        let ended = ada.run_flow(&flow, json!({})).await;
        local.held(1).await;
        local.release(1);
        ada.finished(&ended).await;
        let running = ada.run_flow(&flow, json!({})).await;
        local.held(2).await;
        let ids = "query($id: ID!, $e: ID!) { flow(id: $id) { draft { id steps { id } } }
            execution(id: $e) { steps { nodes { id generation { id } } } } }";
        let found = ada.send(ids, json!({ "id": flow, "e": ended })).await;
        let id = |pointer: &str| found.text(pointer);
        let mut ids = vec![flow.clone(), ended.clone(), running.clone()];
        ids.extend(["/flow/draft/id", "/flow/draft/steps/0/id", "/execution/steps/nodes/0/id"].map(id));
        let generation = id("/execution/steps/nodes/1/generation/id");
        Self { flow, url, running, ids, generation }
    }

    /// Checks that nothing of it is found.
    async fn is_hidden(&self, ada: &Client) {
        let read = "query($ids: [ID!]!) { nodes(ids: $ids) { id } flows { totalCount nodes { id } }
            executions { totalCount nodes { id } } }";
        let seen = ada.send(read, json!({ "ids": self.ids })).await;
        assert_eq!(seen.at("/nodes"), &json!(vec![Value::Null; self.ids.len()]));
        for list in ["flows", "executions"] {
            assert_eq!(seen.at(&format!("/{list}")), &json!({ "totalCount": 0, "nodes": [] }), "{list}");
        }
        for query in [
            "query($id: ID!) { flow(id: $id) { id } }",
            "mutation($id: ID!) { runFlow(input: { flowId: $id }) { execution { id } } }",
            "mutation($id: ID!) { publishFlow(input: { flowId: $id }) { flow { id } } }",
            DELETE,
        ] {
            ada.refused(query, json!({ "id": self.flow }), "NOT_FOUND").await;
        }
        assert_eq!(ada.http().post(&self.url).json(&json!({})).send().await.unwrap().status(), 404);
    }
}

#[tokio::test]
async fn a_deleted_flow_is_hidden_at_once_and_removed_in_the_background() {
    let world = World::start().await;
    let (ada, local) = (world.newcomer().await, LocalServer::start().await);
    let doomed = Doomed::of(&ada, &local).await;
    let mut socket = ada.socket().await;
    let follow = "subscription($id: ID!) { executionEvents(executionId: $id) { event {
        ... on ExecutionFinished { status } } } }";
    socket.subscribe("1", follow, json!({ "id": doomed.running })).await;
    // A transaction of somebody else keeps an execution from being removed.
    let holder = world.database().await;
    holder.execute_unprepared("BEGIN").await.unwrap();
    let lock =
        "SELECT count(*) FROM (SELECT FROM executions WHERE finished_at IS NOT NULL FOR KEY SHARE) locked";
    assert_eq!(number(&holder, lock).await, 1);

    let reply = ada.send(DELETE, json!({ "id": doomed.flow })).await;
    let deletion = reply.at("/deleteFlow/deletion");
    assert_eq!((&deletion["deletedId"], &deletion["status"]), (&json!(doomed.flow), &json!("RUNNING")));
    let deletion = deletion["id"].as_str().unwrap().to_owned();
    doomed.is_hidden(&ada).await;
    // The execution under way ends for its subscribers.
    let events = socket.events().await;
    let end = &events.last().unwrap()["executionEvents"]["event"];
    assert_eq!(end["status"], "CANCELED", "{events:#?}");
    let state = ada.send(DELETION, json!({ "id": deletion })).await;
    assert_eq!(state.at("/node/status"), "RUNNING", "{:#}", state.0);

    holder.execute_unprepared("ROLLBACK").await.unwrap();
    let done = removed(&ada, &deletion).await;
    assert_eq!((done.at("/node/total"), done.at("/node/removed")), (&json!(2), &json!(2)));
    assert!(done.at("/node/finishedAt").is_string());
    for table in ["flows", "flow_versions", "steps", "webhooks", "executions", "execution_steps"] {
        assert_eq!(number(&holder, &format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
    let generation = "query($id: ID!) { generation(id: $id) { id } }";
    ada.refused(generation, json!({ "id": doomed.generation }), "NOT_FOUND").await;
    local.release_all();
    // Others do not see the deletion.
    let eve = world.newcomer().await;
    eve.refused(DELETION, json!({ "id": deletion }), "NOT_FOUND").await;
    let list = "{ deletions(status: COMPLETED) { totalCount nodes { id deletedId } } }";
    assert_eq!(eve.send(list, json!({})).await.at("/deletions/totalCount"), 0);
    let listed = ada.send(list, json!({})).await;
    assert_eq!(listed.at("/deletions/nodes/0"), &json!({ "id": deletion, "deletedId": doomed.flow }));
    world.end().await;
}

#[tokio::test]
async fn a_deletion_continues_from_the_state_in_postgresql() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let (flow, _) = ada.published_flow(steps([hook(), text("a", "x")])).await;
    rename(&ada, &flow, "Interrupted").await;
    insert_history(&world, "Interrupted", 30).await;
    // What a process leaves that is killed after it has removed 12 of 42 executions.
    world
        .execute(
            "WITH marked AS (UPDATE flows SET deleted_at = now() RETURNING *)
             INSERT INTO deletions (id, organization_id, requested_by, subject, subject_id, total, removed, created_at)
             SELECT gen_random_uuid(), organization_id, owner_id, 'FLOW', id, 42, 12, now() FROM marked",
        )
        .await;
    let list = "{ deletions { nodes { status total removed } } }";
    let done = |reply: &Reply| reply.at("/deletions/nodes/0/status") == "COMPLETED";
    let done = ada.until(list, json!({}), done).await;
    assert_eq!(
        (done.at("/deletions/nodes/0/total"), done.at("/deletions/nodes/0/removed")),
        (&json!(42), &json!(42))
    );
    let db = world.database().await;
    for table in ["flows", "steps", "executions", "execution_steps"] {
        assert_eq!(number(&db, &format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
    world.end().await;
}

/// The longest time that any of the calls took, and whether all had this status.
async fn called(client: &Client, url: &str, until: Instant, expected: &[u16]) -> (Duration, usize) {
    let (mut longest, mut calls) = (Duration::ZERO, 0);
    while Instant::now() < until {
        let begun = Instant::now();
        let answer = client.http().post(url).json(&json!({})).send().await.unwrap();
        assert!(expected.contains(&answer.status().as_u16()), "{}", answer.status());
        longest = longest.max(begun.elapsed());
        calls += 1;
    }
    (longest, calls)
}

/// The longest time that any of the reads of a flow took, and their number.
async fn listed(client: &Client, flow: &str, until: Instant) -> (Duration, usize) {
    let list = "query($id: ID!) { flow(id: $id) { name executions { totalCount nodes { status } } } }";
    let (mut longest, mut reads) = (Duration::ZERO, 0);
    while Instant::now() < until {
        let begun = Instant::now();
        client.send(list, json!({ "id": flow })).await;
        longest = longest.max(begun.elapsed());
        reads += 1;
    }
    (longest, reads)
}

#[tokio::test]
async fn deleting_a_flow_with_a_long_history_slows_no_one() {
    const EXECUTIONS: usize = 40_000;
    let world = World::start().await;
    let (ada, eve, local) = (world.newcomer().await, world.newcomer().await, LocalServer::start().await);
    let (flow, url) = ada.published_flow(steps([hook(), get("slow", &format!("{}/held", local.url))])).await;
    rename(&ada, &flow, "Busy").await;
    insert_history(&world, "Busy", EXECUTIONS).await;
    let (own, own_url) = ada.published_flow(steps([hook(), text("a", "x")])).await;
    let (_, their_url) = eve.published_flow(steps([hook(), text("a", "x")])).await;
    // Steps that report while their flow is being deleted.
    for _ in 0..10 {
        ada.run_flow(&flow, json!({})).await;
    }
    local.held(10).await;

    let begun = Instant::now();
    let period = begun + Duration::from_secs(5);
    let delete = async {
        let reply = ada.send(DELETE, json!({ "id": flow })).await;
        local.release_all();
        (begun.elapsed(), reply.text("/deleteFlow/deletion/id"))
    };
    let (read, (deleted, deletion), mine, theirs, gone) = tokio::join!(
        listed(&ada, &own, period),
        delete,
        called(&ada, &own_url, period, &[202]),
        called(&eve, &their_url, period, &[202]),
        called(&ada, &url, period, &[202, 404]),
    );
    println!(
        "deleted in {deleted:?}; reads {read:?}, own webhooks {mine:?}, others' {theirs:?}, gone {gone:?}"
    );
    let limit = Duration::from_secs(3);
    assert!(deleted < limit, "{deleted:?}");
    for (longest, count) in [read, mine, theirs, gone] {
        assert!(longest < limit && count > 10, "{count} calls, one took {longest:?}");
    }
    let mut attempts = attempts(Duration::from_mins(3));
    while attempts.next().await {
        let state = ada.send(DELETION, json!({ "id": deletion })).await;
        if state.at("/node/status") == "COMPLETED" {
            break;
        }
    }
    let done = removed(&ada, &deletion).await;
    let expected = i64::try_from(EXECUTIONS).ok().map(|count| count + 10);
    assert!(done.at("/node/removed").as_i64() >= expected, "{:#}", done.0);
    let db = world.database().await;
    let left = "SELECT count(*) FROM executions WHERE flow_id NOT IN (SELECT id FROM flows)";
    assert_eq!(number(&db, left).await, 0);
    assert_eq!(number(&db, "SELECT count(*) FROM flows").await, 2);
    world.end().await;
}

#[tokio::test]
async fn publishing_a_flow_with_a_schedule_changes_no_past_execution() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let every = |seconds: i64| step("schedule.every").key("tick").parameters(json!({ "seconds": seconds }));
    let (flow, _) = ada.published_flow(steps([every(86_400), delay("wait", 0.0)])).await;
    rename(&ada, &flow, "Scheduled").await;
    let ran = "query($id: ID!) { flow(id: $id) { executions { totalCount nodes { finishedAt } } } }";
    let fired = |reply: &Reply| reply.at("/flow/executions/nodes/0/finishedAt").is_string();
    ada.until(ran, json!({ "id": flow }), fired).await;
    insert_history(&world, "Scheduled", 50).await;
    let db = world.database().await;
    let versions = "SELECT xmin::text FROM executions ORDER BY id";
    let before = texts(&db, versions).await;
    assert!(before.len() > 50);
    let update = "mutation($id: ID!, $s: [StepInput!]) {
        updateFlowDraft(input: { flowId: $id, steps: $s }) { flow { id } } }";
    ada.send(update, json!({ "id": flow, "s": steps([every(43_200), text("a", "x")]) })).await;
    let publish = "mutation($id: ID!) { publishFlow(input: { flowId: $id }) { flow { id } } }";
    ada.send(publish, json!({ "id": flow })).await;
    let pause = "mutation($id: ID!) { pauseFlow(input: { flowId: $id }) { flow { id } } }";
    ada.send(pause, json!({ "id": flow })).await;
    let after = texts(&db, versions).await;
    assert_eq!(after[..before.len()], before, "past executions are untouched");
    world.end().await;
}
