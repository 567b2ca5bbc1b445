//! Retries and delays run at their time, also after a loss of Redis. The tests advance the clock.

use std::time::Duration;

use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};
use serde_json::json;
use triptych_server::services::{ids::ExecutionStepId, uuid::Uuid};

use crate::harness::{LocalServer, Reply, World, attempts, delay, get, hook, steps, text};

/// The single value of a query.
async fn value<T: sea_orm::TryGetable>(db: &DatabaseConnection, sql: &str) -> T {
    let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap();
    row.unwrap_or_else(|| panic!("no row: {sql}")).try_get_by_index(0).unwrap()
}

/// Empties Redis, signs in again, and waits until the waiting step has another job.
async fn emptied_and_owed(world: &World, db: &DatabaseConnection) {
    let job = "SELECT job_id FROM execution_steps WHERE due_at IS NOT NULL";
    let before: Uuid = value(db, job).await;
    world.flush_redis().await;
    let mut attempts = attempts(Duration::from_secs(20));
    while attempts.next().await {
        if value::<Uuid>(db, job).await != before {
            return;
        }
    }
    panic!("the step is not owed another job");
}

/// Longer than a lease that is not renewed.
const LEASE_OVER: Duration = Duration::from_mins(1);

const STEP: &str =
    "query($id: ID!) { execution(id: $id) { status steps { nodes { status attempt step { key } } } } }";

/// Whether a step of the execution waits for its first retry.
fn failed_once(reply: &Reply) -> bool {
    let steps = reply.at("/execution/steps/nodes").as_array().unwrap();
    steps.iter().any(|step| step["status"] == "QUEUED" && step["attempt"] == 1)
}

#[tokio::test]
async fn a_retry_is_run_at_its_time_and_not_before() {
    let world = World::start().await;
    let (ada, local) = (world.newcomer().await, LocalServer::start().await);
    let db = world.database().await;
    let retry = json!({ "maxAttempts": 2, "initialDelayMs": 3_600_000, "maxDelayMs": 3_600_000 });
    let failing = get("fail", &format!("{}/fail", local.url)).retry(retry);
    let (flow, _) = ada.published_flow(steps([hook(), failing])).await;
    let id = ada.run_flow(&flow, json!({})).await;
    let reply = ada.until(STEP, json!({ "id": id }), failed_once).await;
    assert_eq!(reply.at("/execution/status"), "RUNNING");
    let leases: i64 = value(&db, "SELECT count(*) FROM execution_steps WHERE lease_until IS NOT NULL").await;
    assert_eq!(leases, 0, "nobody holds a step that waits for its retry");

    // A job before the due time has no effect, and a restored job keeps the due time.
    let executions = &world.services().executions;
    let waiting =
        ExecutionStepId(value(&db, "SELECT id FROM execution_steps WHERE due_at IS NOT NULL").await);
    assert!(executions.claim(waiting, Uuid::nil()).await.unwrap().is_none());
    emptied_and_owed(&world, &db).await;
    let ada = world.signed_in_again(&ada).await;
    assert_eq!(ada.send(STEP, json!({ "id": id })).await.step("fail")["attempt"], 1);

    world.pass(Duration::from_hours(2)).await;
    let done = ada.finished(&id).await;
    assert_eq!(done.at("/execution/status"), "FAILED", "{:#}", done.0);
    assert_eq!(done.step("fail")["attempt"], 2);
    world.end().await;
}

#[tokio::test]
async fn a_delay_ends_at_its_time_and_not_before() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let db = world.database().await;
    let (flow, _) = ada.published_flow(steps([hook(), delay("wait", 3600.0), text("after", "x")])).await;
    let id = ada.run_flow(&flow, json!({})).await;
    ada.until(STEP, json!({ "id": id }), |reply| reply.at("/execution/status") == "WAITING").await;
    let executions = &world.services().executions;
    let waiting =
        ExecutionStepId(value(&db, "SELECT id FROM execution_steps WHERE due_at IS NOT NULL").await);
    executions.resume(waiting).await.unwrap();
    assert!(executions.claim(waiting, Uuid::nil()).await.unwrap().is_none(), "it has done its work");
    emptied_and_owed(&world, &db).await;
    let ada = world.signed_in_again(&ada).await;
    assert_eq!(ada.send(STEP, json!({ "id": id })).await.at("/execution/status"), "WAITING");

    world.pass(Duration::from_hours(1)).await;
    let done = ada.finished(&id).await;
    assert_eq!(done.at("/execution/status"), "SUCCEEDED", "{:#}", done.0);
    assert_eq!(done.step("wait")["attempt"], 1);
    assert!(done.step("wait")["output"]["resumedAt"].is_string());
    assert_eq!(done.step("after")["output"]["value"], "x");
    let open: i64 = value(&db, "SELECT count(*) FROM execution_steps WHERE due_at IS NOT NULL").await;
    assert_eq!(open, 0);
    // Repeating it has no effect.
    world.services().executions.resume(waiting).await.unwrap();
    let again = ada.finished(&id).await;
    assert_eq!(again.0, done.0);
    world.end().await;
}

#[tokio::test]
async fn a_step_has_one_worker_until_its_lease_expires() {
    let world = World::start().await;
    let (ada, local) = (world.newcomer().await, LocalServer::start().await);
    let db = world.database().await;
    let retry = json!({ "maxAttempts": 2, "initialDelayMs": 3_600_000, "maxDelayMs": 3_600_000 });
    let failing = get("fail", &format!("{}/fail", local.url)).retry(retry);
    let (flow, _) = ada.published_flow(steps([hook(), failing])).await;
    let id = ada.run_flow(&flow, json!({})).await;
    ada.until(STEP, json!({ "id": id }), failed_once).await;
    let step = ExecutionStepId(value(&db, "SELECT id FROM execution_steps WHERE due_at IS NOT NULL").await);
    let (first, second) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let executions = &world.services().executions;
    world.clock.advance(Duration::from_hours(2));
    let claim = executions.claim(step, first).await.unwrap().unwrap();
    assert_eq!((claim.row.attempt, claim.row.due_at), (2, None));
    assert!(executions.claim(step, second).await.unwrap().is_none());
    assert_eq!(executions.renew(first, &[step]).await.unwrap(), [step]);
    assert_eq!(executions.renew(second, &[step]).await.unwrap(), []);

    world.clock.advance(LEASE_OVER);
    let claim = executions.claim(step, second).await.unwrap().unwrap();
    assert_eq!(claim.row.attempt, 3);
    assert_eq!(executions.renew(first, &[step]).await.unwrap(), [], "it was lost");
    // The job finds that nobody runs the step any more.
    world.pass(LEASE_OVER).await;
    let done = ada.finished(&id).await;
    assert_eq!((done.at("/execution/status"), &done.step("fail")["attempt"]), (&json!("FAILED"), &json!(4)));
    world.end().await;
}
