//! Runs a second of a four-step flow, from the webhook's request to the stored result. The floor is the bare
//! PostgreSQL commits that durability needs: one to accept, one to begin, one for the result of each step.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use sea_orm::sqlx::{self, PgPool};
use serde_json::json;
use triptych_tests::harness::{Client, attempts, hook, steps, transformed};

use crate::{
    cpu::{self, Meter},
    program::Program,
    report::Report,
    stage::Stage,
};

const RUNS: usize = 1_500;
const CALLERS: usize = 32;
/// Longer than the runs take on a slow machine.
const PATIENCE: Duration = Duration::from_mins(5);
/// Accept, begin, and a result for each of three steps.
const COMMITS: usize = 5;

pub(crate) async fn measure(report: &mut Report) {
    let stage = Stage::durable("flows").await;
    let triptych = Program::triptych("serve", &stage, &[]).await;
    let client = Client::new(&triptych.url).signed_up().await;
    let (_, hook) = client
        .published_flow(steps([
            hook(),
            transformed("one", "uppercase", "{{ trigger.body.name }}"),
            transformed("two", "uppercase", "{{ steps.one.output.value }}"),
            transformed("three", "uppercase", "{{ steps.two.output.value }}"),
        ]))
        .await;
    let pool = stage.pool(32).await;
    let floor = commits(&pool).await / COMMITS as f64;

    let meter = Meter::start(triptych.subject(), cpu::postmaster(&pool).await);
    let began = Instant::now();
    let next = Arc::new(AtomicUsize::new(0));
    let callers = (0..CALLERS).map(|_| {
        let (client, hook, next) = (client.clone(), hook.clone(), next.clone());
        tokio::spawn(async move {
            while next.fetch_add(1, Ordering::Relaxed) < RUNS {
                let body = json!({ "name": "ada" });
                let answer = client.http().post(&hook).json(&body).send().await.expect("an answer");
                assert_eq!(answer.status(), 202);
            }
        })
    });
    futures::future::join_all(callers).await;
    let accepted = RUNS as f64 / began.elapsed().as_secs_f64();
    // Clients are not told of executions in such numbers, so the database is asked.
    let mut attempts = attempts(PATIENCE);
    while finished(&pool).await < RUNS {
        assert!(attempts.next().await, "the executions do not finish");
    }
    let ours = RUNS as f64 / began.elapsed().as_secs_f64();
    let cost = meter.stop().map(|cost| cost.per(RUNS));
    report.rate("flow runs (webhook and three steps, every result durable)", ours, floor, cost);
    report.rate("webhooks accepted meanwhile (one commit each)", accepted, floor * COMMITS as f64, None);
    triptych.stop().await;
    pool.close().await;
    stage.end().await;
}

/// The number of executions that have finished.
async fn finished(pool: &PgPool) -> usize {
    let sql = "SELECT count(*) FROM executions WHERE finished_at IS NOT NULL";
    let (finished,): (i64,) = sqlx::query_as(sql).fetch_one(pool).await.expect("a count");
    usize::try_from(finished).expect("a count is not negative")
}

/// Commits a second of a small row, by as many tasks as call the webhook.
async fn commits(pool: &PgPool) -> f64 {
    sqlx::query("CREATE TABLE bench_commits (id bigserial PRIMARY KEY, body jsonb)")
        .execute(pool)
        .await
        .expect("a table");
    let (began, done) = (Instant::now(), AtomicUsize::new(0));
    let writers = (0..CALLERS).map(|_| async {
        while began.elapsed() < Duration::from_secs(4) {
            sqlx::query("INSERT INTO bench_commits (body) VALUES ($1::jsonb)")
                .bind("{\"name\": \"ada\"}")
                .execute(pool)
                .await
                .expect("a row");
            done.fetch_add(1, Ordering::Relaxed);
        }
    });
    futures::future::join_all(writers).await;
    done.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64()
}
