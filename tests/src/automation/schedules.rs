//! Schedules fire at each of their times, whatever happens with earlier times, Redis or the server.

use std::time::Duration;

use bullmq::QueueOptions;
use sea_orm::{ConnectionTrait as _, DbBackend, Statement, prelude::DateTimeUtc};
use serde_json::{Value, json};

use crate::harness::{Client, Reply, World, attempts, hook, step, steps, text};

const HOUR: Duration = Duration::from_hours(1);
const RAN: &str =
    "query($id: ID!) { flow(id: $id) { executions(first: 100) { totalCount nodes { trigger } } } }";

fn hourly(parameters: Value) -> Value {
    let mut all = json!({ "seconds": 3600 });
    for (name, value) in parameters.as_object().unwrap() {
        all[name] = value.clone();
    }
    steps([step("schedule.every").parameters(all), text("after", "x")])
}

/// The times for which a schedule has run its flow, latest first, once there are this many.
async fn fired(client: &Client, flow: &str, count: usize) -> Vec<DateTimeUtc> {
    // The count and the page are read one after the other.
    let enough = |reply: &Reply| {
        let nodes = reply.at("/flow/executions/nodes").as_array();
        nodes.is_some_and(|nodes| nodes.len() == count)
    };
    let reply = client.until(RAN, json!({ "id": flow }), enough).await;
    let nodes = reply.at("/flow/executions/nodes").as_array().unwrap();
    nodes.iter().map(|node| node["trigger"]["firedAt"].as_str().unwrap().parse().unwrap()).collect()
}

fn are_hours(times: &[DateTimeUtc]) -> bool {
    times.windows(2).all(|pair| (pair[0] - pair[1]).num_seconds() == 3600)
}

impl World {
    async fn pending_firings(&self) -> i64 {
        let count = Statement::from_string(DbBackend::Postgres, "SELECT count(*) FROM schedule_firings");
        self.database().await.query_one_raw(count).await.unwrap().unwrap().try_get_by_index(0).unwrap()
    }

    async fn until_pending(&self, firings: i64) {
        let mut patience = attempts(Duration::from_secs(30));
        while self.pending_firings().await != firings {
            assert!(patience.next().await, "there are never {firings} pending firings");
        }
    }
}

#[tokio::test]
async fn a_schedule_runs_each_of_its_times_once() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let worker = world.worker().await;
    let (flow, _) = ada.published_flow(hourly(json!({}))).await;
    for count in 1..=3 {
        fired(&ada, &flow, count).await;
        world.clock.advance(HOUR);
        let flows = &world.services().flows;
        let (first, second) = tokio::join!(flows.plan_firings(), flows.plan_firings());
        first.and(second).unwrap();
    }
    let times = fired(&ada, &flow, 4).await;
    assert!(are_hours(&times), "{times:?}");

    let new_year = step("schedule.cron").parameters(json!({ "expression": "30 4 1 1 *", "timezone": "UTC" }));
    let (yearly, _) = ada.published_flow(steps([new_year, text("after", "x")])).await;
    let pause = "mutation($id: ID!) { pauseFlow(input: { flowId: $id }) { flow { status } } }";
    ada.send(pause, json!({ "id": flow })).await;
    world.clock.advance(Duration::from_hours(24 * 366));
    let ada = world.signed_in_again(&ada).await;
    let times = fired(&ada, &yearly, 1).await;
    assert!(times[0].to_rfc3339().ends_with("-01-01T04:30:00+00:00"), "{times:?}");
    assert_eq!(fired(&ada, &flow, 4).await.len(), 4, "a paused schedule does not fire");
    worker.stop().await;
    world.end().await;
}

#[tokio::test]
async fn the_next_firing_does_not_depend_on_the_last() {
    let world = World::start().await;
    let (ada, db) = (world.newcomer().await, world.database().await);
    db.execute_unprepared(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON executions FOR EACH ROW WHEN (NEW.source = 'SCHEDULE')
         EXECUTE FUNCTION refuse()",
    )
    .await
    .unwrap();
    let (flow, _) = ada.published_flow(hourly(json!({}))).await;
    for planned in 1..=3 {
        world.until_pending(planned).await;
        world.clock.advance(HOUR);
    }
    world.until_pending(4).await;
    assert_eq!(ada.send(RAN, json!({ "id": flow })).await.at("/flow/executions/totalCount"), 0);
    // As after all attempts of the jobs have failed.
    world.lose_jobs("schedule").await;
    db.execute_unprepared("DROP TRIGGER refuse ON executions").await.unwrap();
    let mut times = fired(&ada, &flow, 4).await;
    times.sort_by(|a, b| b.cmp(a));
    assert!(are_hours(&times), "{times:?}");
    world.until_pending(0).await;
    world.end().await;
}

#[tokio::test]
async fn schedules_fire_after_redis_was_emptied() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let (flow, _) = ada.published_flow(hourly(json!({}))).await;
    fired(&ada, &flow, 1).await;
    world.flush_redis().await;
    let ada = world.signed_in_again(&ada).await;
    world.clock.advance(HOUR);
    fired(&ada, &flow, 2).await;
    world.clock.advance(HOUR);
    world.flush_redis().await;
    let ada = world.signed_in_again(&ada).await;
    let times = fired(&ada, &flow, 3).await;
    assert!(are_hours(&times), "{times:?}");
    world.end().await;
}

#[tokio::test]
async fn times_missed_in_an_outage_are_run_once_or_skipped() {
    let mut world = World::start().await;
    let ada = world.newcomer().await;
    let (once, _) = ada.published_flow(hourly(json!({}))).await;
    let (skipping, _) = ada.published_flow(hourly(json!({ "missed": "skip" }))).await;
    let begun = fired(&ada, &once, 1).await[0];
    let begun_skipping = fired(&ada, &skipping, 1).await[0];
    world.restart_after(HOUR * 10 + Duration::from_mins(30)).await;
    let ada = ada.moved_to(&world.url);
    let times = fired(&ada, &once, 2).await;
    assert_eq!((times[0] - begun).num_seconds(), 10 * 3600, "the last time that was missed");
    world.clock.advance(Duration::from_mins(30));
    let times = fired(&ada, &once, 3).await;
    assert_eq!((times[0] - begun).num_seconds(), 11 * 3600);
    let times = fired(&ada, &skipping, 2).await;
    assert_eq!((times[0] - begun_skipping).num_seconds(), 11 * 3600, "none of those that were missed");
    world.end().await;
}

#[tokio::test]
async fn a_time_that_has_passed_is_run_by_a_version_published_meanwhile() {
    let world = World::start().await;
    let (ada, db) = (world.newcomer().await, world.database().await);
    let (flow, _) = ada.published_flow(hourly(json!({}))).await;
    let begun = fired(&ada, &flow, 1).await[0];
    let schedule = world.queue("schedule").await;
    schedule.pause().await.unwrap();
    world.clock.advance(HOUR);
    world.until_pending(1).await;
    let edit = "mutation($id: ID!, $steps: [StepInput!]!) {
        updateFlowDraft(input: { flowId: $id, steps: $steps }) { flow { id } }
        publishFlow(input: { flowId: $id }) { flow { id } } }";
    let daily = step("schedule.cron").key("daily").parameters(json!({ "expression": "0 0 1 1 *" }));
    ada.send(edit, json!({ "id": flow, "steps": steps([daily, text("after", "y")]) })).await;
    assert_eq!(world.pending_firings().await, 1);
    schedule.resume().await.unwrap();
    let times = fired(&ada, &flow, 2).await;
    assert_eq!((times[0] - begun).num_seconds(), 3600);
    drop(db);
    world.end().await;
}

#[tokio::test]
async fn schedules_do_not_wait_behind_webhooks() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let trigger = world.queue("trigger").await;
    trigger.pause().await.unwrap();
    let (waiting, _) = ada.published_flow(steps([hook(), text("after", "x")])).await;
    let behind = ada.run_flow(&waiting, json!({})).await;
    let (flow, _) = ada.published_flow(hourly(json!({}))).await;
    let done = "query($id: ID!) { flow(id: $id) { executions { nodes { status } } } }";
    let succeeded = |reply: &Reply| reply.at("/flow/executions/nodes/0/status") == "SUCCEEDED";
    ada.until(done, json!({ "id": flow }), succeeded).await;
    let queued = ada.send(done, json!({ "id": waiting })).await;
    assert_eq!(queued.at("/flow/executions/nodes/0/status"), "QUEUED");
    trigger.resume().await.unwrap();
    ada.finished(&behind).await;
    world.end().await;
}

impl World {
    /// A queue, to stop and to continue it.
    async fn queue(&self, name: &str) -> bullmq::Queue {
        let (connection, prefix) = self.services().queues.worker_connection();
        let options = QueueOptions::new().connection(connection).prefix(prefix);
        bullmq::Queue::with_options(name, options).await.unwrap()
    }
}
