//! Delayed steps: they are not run before their time, and cost nothing until then. One process restores lost work.

use std::time::Duration;

use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};
use serde_json::json;
use triptych_server::services::{automation::executions::Thoroughness, uuid::Uuid};

use crate::harness::{LocalServer, Reply, World, attempts, delay, get, hook, steps, text};

/// The single value of a query, if there is a row.
async fn found<T: sea_orm::TryGetable>(db: &DatabaseConnection, sql: &str) -> Option<T> {
    let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap();
    row.map(|row| row.try_get_by_index(0).unwrap())
}

async fn value<T: sea_orm::TryGetable>(db: &DatabaseConnection, sql: &str) -> T {
    found(db, sql).await.unwrap_or_else(|| panic!("no row: {sql}"))
}

const STEP: &str =
    "query($id: ID!) { execution(id: $id) { status steps { nodes { status attempt step { key } } } } }";

/// Whether a step of the execution waits for its first retry.
fn failed_once(reply: &Reply) -> bool {
    let steps = reply.at("/execution/steps/nodes").as_array().unwrap();
    steps.iter().any(|step| step["status"] == "QUEUED" && step["attempt"] == 1)
}

#[tokio::test]
async fn a_retry_whose_job_comes_early_keeps_its_time() {
    let world = World::start().await;
    let (ada, local) = (world.newcomer().await, LocalServer::start().await);
    let retry = json!({ "maxAttempts": 2, "initialDelayMs": 3_600_000, "maxDelayMs": 3_600_000 });
    let failing = get("fail", &format!("{}/fail", local.url)).retry(retry);
    let (flow, _) = ada.published_flow(steps([hook(), failing])).await;
    let id = ada.run_flow(&flow, json!({})).await;
    ada.until(STEP, json!({ "id": id }), failed_once).await;
    // The job is delayed again, each time.
    for _ in 0..2 {
        world.deliver_early().await;
    }
    assert_eq!(ada.send(STEP, json!({ "id": id })).await.step("fail")["attempt"], 1);
    world.pass(Duration::from_hours(2)).await;
    let done = ada.finished(&id).await;
    assert_eq!((done.at("/execution/status"), &done.step("fail")["attempt"]), (&json!("FAILED"), &json!(2)));
    world.end().await;
}

const SWEEPS: u32 = 40;
const DELAYED: i64 = 2_000;

/// The rows that reconciling reads from executions and their steps.
async fn read_by_sweeps(world: &World, db: &DatabaseConnection) -> i64 {
    let scans =
        "SELECT sum(idx_scan + seq_scan)::bigint FROM pg_stat_user_tables WHERE relname LIKE 'execution%s'";
    let rows = "SELECT sum(idx_tup_fetch + seq_tup_read)::bigint FROM pg_stat_user_tables
        WHERE relname IN ('executions', 'execution_steps')";
    db.execute_unprepared("SELECT pg_stat_force_next_flush()").await.unwrap();
    let (scans_before, rows_before): (i64, i64) = (value(db, scans).await, value(db, rows).await);
    for _ in 0..SWEEPS {
        assert_eq!(world.services().executions.reconcile(Thoroughness::Regular).await.unwrap(), 0);
    }
    // Statistics come some time after the statements.
    let mut attempts = attempts(Duration::from_secs(30));
    while value::<i64>(db, scans).await - scans_before < i64::from(SWEEPS) * 3 {
        assert!(attempts.next().await, "the statistics do not come");
    }
    value::<i64>(db, rows).await - rows_before
}

#[tokio::test]
async fn delayed_work_costs_the_reconciler_nothing_and_runs_when_it_is_due() {
    let world = World::start().await;
    let (ada, db) = (world.newcomer().await, world.database().await);
    let (flow, _) = ada.published_flow(steps([hook(), delay("wait", 86_400.0), text("after", "x")])).await;
    let id = ada.run_flow(&flow, json!({})).await;
    ada.until(STEP, json!({ "id": id }), |reply| reply.at("/execution/status") == "WAITING").await;
    let without = read_by_sweeps(&world, &db).await;

    let copies = format!(
        "CREATE TEMPORARY TABLE copies AS SELECT gen_random_uuid() AS id FROM generate_series(1, {DELAYED});
         INSERT INTO executions (id, organization_id, flow_id, version_id, status, source, job_id, created_at, started_at)
         SELECT c.id, organization_id, flow_id, version_id, status, source, gen_random_uuid(),
                created_at - interval '1 minute', started_at FROM executions, copies c;
         INSERT INTO execution_steps (id, organization_id, execution_id, step_id, status, attempt, output, job_id, due_at,
                                      created_at, started_at, finished_at)
         SELECT gen_random_uuid(), organization_id, c.id, step_id, status, attempt, output,
                CASE WHEN finished_at IS NULL THEN gen_random_uuid() END, due_at, created_at - interval '1 minute',
                started_at, finished_at FROM execution_steps, copies c;
         ANALYZE executions; ANALYZE execution_steps"
    );
    db.execute_unprepared(&copies).await.unwrap();
    let waiting: i64 =
        value(&db, "SELECT count(*) FROM execution_steps WHERE status = 'WAITING' AND finished_at IS NULL")
            .await;
    assert_eq!(waiting, DELAYED + 1);
    let with = read_by_sweeps(&world, &db).await;
    assert!(
        with - without < DELAYED,
        "{SWEEPS} sweeps read {without} rows without, {with} with delayed steps"
    );

    // The copies have no job. The one whose time comes is found.
    db.execute_unprepared(
        "UPDATE execution_steps SET due_at = now() WHERE id =
           (SELECT s.id FROM execution_steps s JOIN copies c ON c.id = s.execution_id WHERE s.due_at IS NOT NULL LIMIT 1)",
    )
    .await
    .unwrap();
    let ran = "SELECT count(*) FROM executions WHERE status = 'SUCCEEDED'";
    let mut patience = attempts(Duration::from_secs(30));
    while value::<i64>(&db, ran).await < 1 {
        assert!(patience.next().await, "the step that is due is not run");
    }
    assert_eq!(value::<i64>(&db, ran).await, 1);
    db.execute_unprepared("DELETE FROM executions WHERE id IN (SELECT id FROM copies)").await.unwrap();
    world.pass(Duration::from_hours(24)).await;
    assert_eq!(ada.finished(&id).await.at("/execution/status"), "SUCCEEDED");
    world.end().await;
}

/// The processes of PostgreSQL that serve leaders.
const LEADERS: &str = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

#[tokio::test]
async fn one_process_restores_lost_work_and_another_follows_it() {
    let world = World::start().await;
    let (ada, db) = (world.newcomer().await, world.database().await);
    let worker = world.worker().await;
    let (flow, _) = ada.published_flow(steps([hook(), delay("wait", 3600.0)])).await;
    let id = ada.run_flow(&flow, json!({})).await;
    ada.until(STEP, json!({ "id": id }), |reply| reply.at("/execution/status") == "WAITING").await;
    let count = format!("SELECT count(*) FROM ({LEADERS}) leaders");
    assert_eq!(value::<i64>(&db, &count).await, 1, "one of two processes leads");

    let first: i32 = value(&db, LEADERS).await;
    db.execute_unprepared(&format!("SELECT pg_terminate_backend({first})")).await.unwrap();
    let mut patience = attempts(Duration::from_secs(30));
    while found::<i32>(&db, LEADERS).await.is_none_or(|pid| pid == first) {
        assert!(patience.next().await, "nobody leads after the connection of the leader was lost");
    }
    let job = "SELECT job_id FROM execution_steps WHERE due_at IS NOT NULL";
    let before: Uuid = value(&db, job).await;
    world.flush_redis().await;
    let mut patience = attempts(Duration::from_secs(30));
    while value::<Uuid>(&db, job).await == before {
        assert!(patience.next().await, "the new leader restores nothing");
    }
    worker.stop().await;
    let ada = world.signed_in_again(&ada).await;
    world.pass(Duration::from_hours(1)).await;
    assert_eq!(ada.finished(&id).await.at("/execution/status"), "SUCCEEDED");
    world.end().await;
}
