//! Requests a second of a nested query: 20 flows, their steps, credentials and last five executions. The floor is
//! the same SQL, sent straight through the driver by as many tasks.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection, sqlx};
use serde_json::{Value, json};
use triptych_tests::harness::{Client, World};

use crate::report::Report;

const CALLERS: usize = 16;
const TIME: Duration = Duration::from_secs(6);
const QUERY: &str = "{ flows(first: 20) { nodes { id name status draft { number steps { key name operation
    credential { name } } } executions(first: 5) { nodes { id status createdAt finishedAt } } } } }";

/// What the query needs, as one would write it by hand.
const SQL: [&str; 6] = [
    "SELECT id, name, status, draft_version_id, created_at FROM flows WHERE organization_id = $1
     ORDER BY created_at DESC, id DESC LIMIT 21",
    "SELECT v.id, v.number FROM flow_versions v JOIN flows f ON f.draft_version_id = v.id
     WHERE f.organization_id = $1",
    "SELECT s.* FROM steps s JOIN flows f ON f.draft_version_id = s.version_id
     WHERE f.organization_id = $1 ORDER BY s.version_id, s.position",
    "SELECT l.* FROM step_links l JOIN flows f ON f.draft_version_id = l.version_id
     WHERE f.organization_id = $1 ORDER BY l.version_id, l.position",
    "SELECT id, name, integration FROM credentials WHERE organization_id = $1",
    "SELECT e.* FROM flows f CROSS JOIN LATERAL (
       SELECT id, flow_id, status, created_at, finished_at FROM executions e WHERE e.flow_id = f.id
       ORDER BY e.id DESC LIMIT 6) e WHERE f.organization_id = $1",
];

pub(crate) async fn measure(report: &mut Report) {
    let world = World::durable().await;
    let client = world.newcomer().await;
    let organization = populate(&world, &client).await;
    // Once each to warm caches and plans.
    let reply = client.send(QUERY, json!({})).await;
    assert_eq!(reply.at("/flows/nodes").as_array().map(Vec::len), Some(20));

    let pool = sqlx::postgres::PgPoolOptions::new()
        .max_connections(16)
        .connect(&world.postgres_url())
        .await
        .expect("PostgreSQL answers");
    let floor = rate(|| {
        let pool = pool.clone();
        async move {
            for sql in SQL {
                let rows = sqlx::query(sql).bind(organization).fetch_all(&pool).await.expect("rows");
                std::hint::black_box(rows);
            }
        }
    })
    .await;
    let ours = rate(|| {
        let client = client.clone();
        async move {
            client.send(QUERY, json!({})).await;
        }
    })
    .await;
    report.rate("nested flows query (20 flows, steps, credentials, 5 executions)", ours, floor);
    world.end().await;
}

async fn rate<F: Future<Output = ()> + Send + 'static>(call: impl Fn() -> F) -> f64 {
    let (done, began) = (Arc::new(AtomicUsize::new(0)), Instant::now());
    let callers = (0..CALLERS).map(|_| async {
        while began.elapsed() < TIME {
            tokio::spawn(call()).await.expect("a call");
            done.fetch_add(1, Ordering::Relaxed);
        }
    });
    futures::future::join_all(callers).await;
    done.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64()
}

/// 20 flows of five steps with a credential, and 10,000 executions among them.
async fn populate(world: &World, client: &Client) -> sqlx::types::Uuid {
    let credential = client
        .send(
            "mutation($f: JSON!) { createCredential(input: { integration: \"http\", name: \"Key\", fields: $f }) {
               credential { id } } }",
            json!({ "f": { "bearerToken": "secret" } }),
        )
        .await
        .text("/createCredential/credential/id");
    for number in 0..20 {
        let text = |key: &str| {
            json!({ "key": key, "integration": "formatter", "operation": "text",
                    "parameters": { "transform": "trim", "value": "{{ trigger.body.name }}" } })
        };
        let steps = json!([
            { "key": "hook", "integration": "webhook", "operation": "received" },
            { "key": "fetch", "integration": "http", "operation": "request", "credentialId": credential,
              "parameters": { "method": "GET", "url": "http://127.0.0.1/" } },
            text("one"), text("two"), text("three"),
        ]);
        let create = "mutation($input: CreateFlowInput!) { createFlow(input: $input) { flow { id } } }";
        client.send(create, json!({ "input": { "name": format!("Flow {number}"), "steps": steps } })).await;
    }
    let db: DatabaseConnection = Database::connect(world.postgres_url()).await.expect("PostgreSQL answers");
    let sql =
        "INSERT INTO executions (id, organization_id, flow_id, version_id, status, source, trigger, job_id,
                 created_at, started_at, finished_at)
        SELECT overlay(overlay(md5(n::text) placing lpad(to_hex(1700000000000 + n), 12, '0') from 1)
                 placing '7' from 13)::uuid,
               f.organization_id, f.id, f.draft_version_id, 'SUCCEEDED', 'WEBHOOK',
               jsonb_build_object('body', jsonb_build_object('name', repeat('x', 200))), gen_random_uuid(),
               now(), now(), now()
        FROM generate_series(1, 500) n CROSS JOIN flows f";
    // One series a flow would give equal ids, so the number of the flow is part of what is hashed.
    let sql = sql.replace("md5(n::text)", "md5(n::text || f.id::text)");
    db.execute_unprepared(&sql).await.expect("executions");
    db.execute_unprepared("ANALYZE").await.expect("statistics");
    let viewer: Value = client.send("{ viewer { organization { id } } }", json!({})).await.0;
    std::hint::black_box(viewer);
    let pool = db.get_postgres_connection_pool();
    let (organization,): (sqlx::types::Uuid,) =
        sqlx::query_as("SELECT organization_id FROM flows LIMIT 1").fetch_one(pool).await.expect("a flow");
    organization
}
