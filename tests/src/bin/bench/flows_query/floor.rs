//! The same SQL, sent straight through the driver by as many tasks as the load has connections.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use sea_orm::sqlx::{self, PgPool, types::Uuid};

use crate::{
    cpu::{Cost, Meter, Subject},
    load::CONNECTIONS,
};

/// What the query needs, as one would write it by hand.
const SQL: [&str; 5] = [
    "SELECT id, name, status, draft_version_id FROM flows WHERE organization_id = $1
     ORDER BY created_at DESC, id DESC LIMIT 20",
    "SELECT v.id, v.number FROM flow_versions v JOIN flows f ON f.draft_version_id = v.id
     WHERE f.organization_id = $1",
    "SELECT s.version_id, s.key, s.name, s.operation, s.credential_id
     FROM steps s JOIN flows f ON f.draft_version_id = s.version_id
     WHERE f.organization_id = $1 ORDER BY s.version_id, s.position",
    "SELECT id, name FROM credentials WHERE organization_id = $1",
    "SELECT e.* FROM flows f CROSS JOIN LATERAL (
       SELECT id, flow_id, status, created_at, finished_at FROM executions e
       WHERE e.flow_id = ANY (ARRAY[f.id]) ORDER BY e.flow_id, e.id DESC LIMIT 5) e
     WHERE f.organization_id = $1",
];

/// Answers a second, and what one costs.
pub(super) async fn measure(
    pool: &PgPool,
    organization: Uuid,
    postmaster: u32,
    time: Duration,
) -> (f64, Option<Cost>) {
    // Once on each connection, so that every statement is prepared.
    run(pool, organization, time / 6).await;
    let (meter, began) = (Meter::start(Subject::Itself, postmaster), Instant::now());
    let done = run(pool, organization, time).await;
    let elapsed = began.elapsed().as_secs_f64();
    (done as f64 / elapsed, meter.stop().map(|cost| cost.per(done)))
}

async fn run(pool: &PgPool, organization: Uuid, time: Duration) -> usize {
    let (done, began) = (AtomicUsize::new(0), Instant::now());
    let done = std::sync::Arc::new(done);
    let callers = (0..CONNECTIONS).map(|_| {
        let (pool, done) = (pool.clone(), done.clone());
        tokio::spawn(async move {
            while began.elapsed() < time {
                for sql in SQL {
                    let rows = sqlx::query(sql).bind(organization).fetch_all(&pool).await.expect("rows");
                    std::hint::black_box(rows);
                }
                done.fetch_add(1, Ordering::Relaxed);
            }
        })
    });
    for caller in futures::future::join_all(callers).await {
        caller.expect("a caller");
    }
    done.load(Ordering::Relaxed)
}
