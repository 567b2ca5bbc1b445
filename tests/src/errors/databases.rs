//! Errors that the caller does not cause: invalid stored data, and an unavailable database.

use insta::assert_snapshot;
use sea_orm::ConnectionTrait as _;
use serde_json::json;

use super::{asked, subscribed};
use crate::harness::{World, engines, get, hook, steps};

#[tokio::test]
async fn internal() {
    let mut world = World::start().await;
    let ada = world.newcomer().await;
    let retry = json!({ "maxAttempts": 2 });
    let (flow, _) = ada.published_flow(steps([hook(), get("a", "http://127.0.0.1:1/").retry(retry)])).await;
    world.execute("UPDATE steps SET retry = '{\"maxAttempts\": \"many\"}' WHERE retry IS NOT NULL").await;
    // A process reads the steps of a version once.
    world.restart().await;
    let ada = ada.moved_to(&world.url);
    let read = "query($id: ID!) { flow(id: $id) { draft { steps { retry { maxAttempts } } } } }";
    let id = json!({ "id": flow });
    assert_snapshot!("internal", asked(&ada, read, id.clone()).await);
    assert_snapshot!("internal_socket", subscribed(&mut ada.socket().await, read, id).await);
    world.end().await;
}

#[tokio::test]
async fn unavailable() {
    let world = World::start_with(&|config| config.postgres.acquire_timeout_ms = 200).await;
    let ada = world.newcomer().await;
    let mut socket = ada.socket().await;
    let admin = engines().await.admin().await;
    let name = &world.config.mongo.database;
    let shut = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false");
    let cut = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    admin.execute_unprepared(&shut).await.expect("the database is shut");
    admin.execute_unprepared(&cut).await.expect("connections are cut");
    let sign_in = "mutation { signIn(input: { email: \"a@example.com\", password: \"x\" }) { token } }";
    assert_snapshot!("unavailable", asked(&world.anonymous(), sign_in, json!({})).await);
    assert_snapshot!("unavailable_authentication", asked(&ada, "{ __typename }", json!({})).await);
    assert_snapshot!(
        "unavailable_socket",
        subscribed(&mut socket, "{ viewer { user { id } } }", json!({})).await
    );
    let open = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true");
    admin.execute_unprepared(&open).await.expect("the database is open");
    world.end().await;
}
