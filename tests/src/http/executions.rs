//! Time limits and the cancellation of operations, and what requests with many fields leave for others.

use std::time::{Duration, Instant};

use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use crate::harness::{Client, World, attempts};

const FLOWS: &str = "{ flows { nodes { id } } }";

async fn connected(world: &World) -> DatabaseConnection {
    let mut options = ConnectOptions::new(world.postgres_url());
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await.expect("PostgreSQL answers")
}

/// Locks the table of flows, so that a query of flows waits.
async fn locked(world: &World) -> DatabaseConnection {
    let holder = connected(world).await;
    holder.execute_unprepared("BEGIN; LOCK TABLE flows IN ACCESS EXCLUSIVE MODE").await.expect("a lock");
    holder
}

/// Waits until this number of statements waits for a lock. A connection of its own, as a transaction sees the same
/// statistics until its end.
async fn waiting(world: &World, expected: i64) {
    let watcher = connected(world).await;
    let count = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    let mut attempts = attempts(Duration::from_secs(20));
    loop {
        let statement = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, count);
        let row = watcher.query_one_raw(statement).await.expect("PostgreSQL answers").expect("a row");
        let found = row.try_get_by_index::<i64>(0).expect("a number");
        if found == expected {
            return;
        }
        assert!(attempts.next().await, "{found} statements wait, not {expected}");
    }
}

async fn post(client: &Client, body: Value) -> Value {
    let request = client.http().post(format!("{}/graphql", client.url)).json(&body);
    let request = request.bearer_auth(client.token.as_deref().expect("a session"));
    request.send().await.expect("an answer").json().await.expect("JSON")
}

#[tokio::test]
async fn operations_have_a_time_limit_on_every_transport() {
    let world = World::start_with(&|config| config.limits.execution_seconds = 1).await;
    let ada = world.newcomer().await;
    let mut socket = ada.socket().await;
    let holder = locked(&world).await;
    let begun = Instant::now();
    ada.refused(FLOWS, json!({}), "UNAVAILABLE").await;
    let create = "mutation { createFlow(input: { name: \"No\" }) { flow { id } } }";
    ada.refused(create, json!({}), "UNAVAILABLE").await;
    // The operations of a batch share the time.
    let (quick, slow) = (json!({ "query": "{ viewer { user { id } } }" }), json!({ "query": FLOWS }));
    let answers = post(&ada, json!([quick, slow, slow, slow, slow, create_body(create)])).await;
    assert!(answers[0].get("errors").is_none(), "{answers:#}");
    for answer in &answers.as_array().expect("a batch")[1..] {
        assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{answers:#}");
    }
    for query in [FLOWS, create] {
        socket.subscribe("1", query, json!({})).await;
        let answer = socket.read().await;
        assert_eq!(answer["payload"][0]["extensions"]["code"], "UNAVAILABLE", "{answer:#}");
    }
    assert!(begun.elapsed() < Duration::from_secs(10), "it took {:?}", begun.elapsed());
    holder.execute_unprepared("ROLLBACK").await.expect("the lock is released");
    let flows = ada.send("{ flows { totalCount } }", json!({})).await;
    assert_eq!(flows.at("/flows/totalCount"), 0, "an operation after the limit has no effect");
    world.end().await;
}

fn create_body(mutation: &str) -> Value {
    json!({ "query": mutation })
}

#[tokio::test]
async fn a_query_ends_with_its_connection() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let mut socket = ada.socket().await;
    let holder = locked(&world).await;
    let address = world.url.trim_start_matches("http://");
    let mut raw = TcpStream::connect(address).await.expect("it accepts");
    let token = ada.token.as_deref().expect("a session");
    let body = json!({ "query": FLOWS }).to_string();
    let request = format!(
        "POST /graphql HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    raw.write_all(request.as_bytes()).await.expect("it receives");
    socket.subscribe("1", FLOWS, json!({})).await;
    waiting(&world, 2).await;
    drop(raw);
    socket.cut();
    waiting(&world, 0).await;
    holder.execute_unprepared("ROLLBACK").await.expect("the lock is released");
    world.end().await;
}

#[tokio::test]
async fn a_request_with_many_lists_leaves_connections_for_others() {
    let world = World::start_with(&|config| config.postgres.max_connections = 12).await;
    let (ada, grace) = (world.newcomer().await, world.newcomer().await);
    let holder = locked(&world).await;
    let fields: Vec<String> = (0..60).map(|n| format!("a{n}: flows {{ nodes {{ id }} }}")).collect();
    let fields = fields.join(" ");
    let many = tokio::spawn({
        let ada = ada.clone();
        async move { ada.send(&format!("{{ {fields} }}"), json!({})).await }
    });
    waiting(&world, 8).await;
    // Reads another table.
    grace.send("{ credentials { nodes { id } } }", json!({})).await;
    waiting(&world, 8).await;
    holder.execute_unprepared("ROLLBACK").await.expect("the lock is released");
    let reply = many.await.expect("no panic");
    assert!(reply.at("/a59/nodes").is_array());
    world.end().await;
}
