//! Sessions and API tokens expire by the clock of the server, and connections end with them.

use std::time::Duration;

use serde_json::json;

use crate::harness::{World, delay, hook, steps};

const SESSIONS: &str = "{ viewer { sessions { id } apiTokens { name } } }";
const HOUR: Duration = Duration::from_hours(1);

#[tokio::test]
async fn a_session_expires_after_its_time_without_use() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let unused = world.signed_in_again(&ada).await;
    let ttl = world.config.sessions.ttl();
    let sessions = async || {
        let reply = ada.send(SESSIONS, json!({})).await;
        reply.at("/viewer/sessions").as_array().unwrap().len()
    };

    world.clock.advance(ttl.checked_sub(HOUR).unwrap());
    assert_eq!(sessions().await, 2, "the time is not over, and starts again for the session that is used");
    world.clock.advance(2 * HOUR);
    assert_eq!(sessions().await, 1);
    assert_eq!(unused.ask(SESSIONS, json!({})).await.code(), "UNAUTHENTICATED");

    world.clock.advance(ttl);
    assert_eq!(ada.ask(SESSIONS, json!({})).await.code(), "UNAUTHENTICATED");
    let ada = world.signed_in_again(&ada).await;
    let listed = ada.send(SESSIONS, json!({})).await;
    assert_eq!(listed.at("/viewer/sessions").as_array().unwrap().len(), 1);
    world.end().await;
}

#[tokio::test]
async fn an_api_token_expires_at_its_time() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let create = "mutation($expiresAt: DateTime) { createApiToken(input: {
        name: \"CI\", scopes: [\"read:flow\"], expiresAt: $expiresAt }) { secret } }";
    let expires_at = (world.services().clock.now() + 2 * HOUR).to_rfc3339();
    let made = ada.send(create, json!({ "expiresAt": expires_at })).await;
    let token = ada.with_token(&made.text("/createApiToken/secret"));
    let flows = "{ flows { totalCount } }";

    world.clock.advance(HOUR);
    token.send(flows, json!({})).await;
    world.clock.advance(HOUR);
    assert_eq!(token.ask(flows, json!({})).await.code(), "UNAUTHENTICATED");
    // It is listed until it is deleted, and no other can be made that has expired already.
    assert_eq!(ada.send(SESSIONS, json!({})).await.at("/viewer/apiTokens/0/name"), "CI");
    let refused = ada.refused(create, json!({ "expiresAt": expires_at }), "BAD_USER_INPUT").await;
    assert_eq!(refused.fields(), ["expiresAt"]);
    world.end().await;
}

#[tokio::test]
async fn a_subscription_ends_with_its_session() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let (flow, _) = ada.published_flow(steps([hook(), delay("wait", 3600.0)])).await;
    let id = ada.run_flow(&flow, json!({})).await;
    let follow = "subscription($id: ID!) { executionEvents(executionId: $id) { seq } }";
    let other = world.signed_in_again(&ada).await;
    let (mut left, mut expired) = (ada.socket().await, other.socket().await);
    for socket in [&mut left, &mut expired] {
        socket.subscribe("1", follow, json!({ "id": id })).await;
        socket.event().await.expect("the execution has started");
    }
    // The server looks after sessions every five seconds of real time: a session may end in any process.
    ada.send("mutation { signOut(input: {}) { signedOut } }", json!({})).await;
    assert_eq!(left.closed().await, 4403);
    other.send(SESSIONS, json!({})).await;
    world.clock.advance(world.config.sessions.ttl());
    assert_eq!(expired.closed().await, 4403);

    let ada = world.signed_in_again(&ada).await;
    world.pass(HOUR).await;
    assert_eq!(ada.finished(&id).await.at("/execution/status"), "SUCCEEDED");
    world.end().await;
}
