//! The life of sessions, and what ends them.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Client, Reply, World};

const VIEWER: &str = "{ viewer { user { id email } } }";
const SESSIONS: &str = "{ sessions { totalCount nodes { id current address userAgent createdAt } } }";
const SIGN_OUT: &str = "mutation($id: ID) { signOut(input: { sessionId: $id }) { signedOut } }";
const EVERYWHERE: &str = "mutation { signOutEverywhere { deletedId } }";
const CHANGE: &str = "mutation($current: String!, $new: String!) {
    changePassword(input: { currentPassword: $current, newPassword: $new }) { token viewer { user { email } } } }";
const HOUR: Duration = Duration::from_hours(1);

async fn is_valid(client: &Client) -> bool {
    let reply = client.ask(VIEWER, json!({})).await;
    assert!(reply.code().is_empty() || reply.code() == "UNAUTHENTICATED", "{:#}", reply.0);
    reply.code().is_empty()
}

async fn sign_in(world: &World, client: &Client, password: &str) -> Reply {
    let sign_in =
        "mutation($e: String!, $p: String!) { signIn(input: { email: $e, password: $p }) { token } }";
    world.anonymous().ask(sign_in, json!({ "e": client.email, "p": password })).await
}

async fn api_token(client: &Client, scopes: Value) -> Client {
    let create = "mutation($scopes: [String!]) { createApiToken(input: { name: \"CI\", scopes: $scopes }) { secret } }";
    let made = client.send(create, json!({ "scopes": scopes })).await;
    client.with_token(&made.text("/createApiToken/secret"))
}

#[tokio::test]
async fn a_session_ends_after_its_life_however_much_it_is_used() {
    let world = World::start_with(&|config| {
        config.sessions.ttl_hours = 24;
        config.sessions.life_days = 2;
    })
    .await;
    let ada = world.newcomer().await;
    let mut socket = ada.socket().await;
    for _ in 0..4 {
        world.clock.advance(11 * HOUR);
        assert!(is_valid(&ada).await, "it is used within its time");
    }
    world.clock.advance(4 * HOUR);
    assert!(!is_valid(&ada).await);
    assert_eq!(socket.closed().await, 4403);
    assert!(is_valid(&world.signed_in_again(&ada).await).await);
    world.end().await;
}

#[tokio::test]
async fn sessions_are_listed_and_ended_one_by_one() {
    let world = World::start().await;
    let (ada, eve) = (world.newcomer().await, world.newcomer().await);
    let (phone, laptop) = (world.signed_in_again(&ada).await, world.signed_in_again(&ada).await);
    let listed = phone.send(SESSIONS, json!({})).await;
    assert_eq!(listed.at("/sessions/totalCount"), 3);
    let current: Vec<_> = listed
        .at("/sessions/nodes")
        .as_array()
        .expect("sessions")
        .iter()
        .map(|session| session["current"] == true)
        .collect();
    assert_eq!(current, [false, true, false], "newest first");
    assert_eq!(listed.at("/sessions/nodes/0/address"), "127.0.0.1");

    let newest = listed.text("/sessions/nodes/0/id");
    eve.send(SIGN_OUT, json!({ "id": newest })).await;
    assert!(is_valid(&laptop).await, "it belongs to somebody else");
    phone.send(SIGN_OUT, json!({ "id": newest })).await;
    phone.send(SIGN_OUT, json!({ "id": newest })).await;
    assert!(!is_valid(&laptop).await && is_valid(&phone).await && is_valid(&ada).await);
    phone.send(SIGN_OUT, json!({})).await;
    assert!(!is_valid(&phone).await && is_valid(&ada).await);
    world.end().await;
}

#[tokio::test]
async fn signing_out_everywhere_ends_every_session_and_no_token() {
    let world = World::start().await;
    let (ada, eve) = (world.newcomer().await, world.newcomer().await);
    let (other, token) = (world.signed_in_again(&ada).await, api_token(&ada, json!(["read:flow"])).await);
    let mut socket = other.socket().await;
    let current = ada.send(SESSIONS, json!({})).await.text("/sessions/nodes/1/id");
    assert_eq!(ada.send(EVERYWHERE, json!({})).await.text("/signOutEverywhere/deletedId"), current);
    assert!(!is_valid(&ada).await && !is_valid(&other).await);
    assert_eq!(socket.closed().await, 4403);
    assert!(is_valid(&token).await && is_valid(&eve).await);
    let again = world.signed_in_again(&ada).await;
    assert_eq!(again.send(SESSIONS, json!({})).await.at("/sessions/totalCount"), 1);
    world.end().await;
}

#[tokio::test]
async fn sessions_of_an_earlier_epoch_are_invalid_although_redis_has_them() {
    let world = World::start().await;
    let (ada, eve) = (world.newcomer().await, world.newcomer().await);
    let email = ada.email.clone().expect("an address");
    world
        .execute(&format!("UPDATE users SET session_epoch = session_epoch + 1 WHERE email = '{email}'"))
        .await;
    assert!(!is_valid(&ada).await && is_valid(&eve).await);
    assert!(is_valid(&world.signed_in_again(&ada).await).await);
    world.end().await;
}

#[tokio::test]
async fn a_user_has_a_limited_number_of_sessions() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let mut last = ada.clone();
    for _ in 0..100 {
        last = world.signed_in_again(&ada).await;
    }
    assert!(!is_valid(&ada).await, "the oldest");
    assert_eq!(last.send(SESSIONS, json!({})).await.at("/sessions/totalCount"), 100);
    world.end().await;
}

#[tokio::test]
async fn changing_the_password_ends_the_other_sessions() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let (other, token) =
        (world.signed_in_again(&ada).await, api_token(&ada, json!(["manage:session"])).await);
    let change = |current: &str, new: &str| json!({ "current": current, "new": new });

    let refused = ada.refused(CHANGE, change("correct horse", "short"), "BAD_USER_INPUT").await;
    assert_eq!(refused.fields(), ["newPassword"]);
    let refused = ada.refused(CHANGE, change("wrong horse", "battery staple"), "BAD_USER_INPUT").await;
    assert_eq!(refused.fields(), ["currentPassword"]);
    token.refused(CHANGE, change("correct horse", "battery staple"), "FORBIDDEN").await;
    world.anonymous().refused(CHANGE, change("correct horse", "battery staple"), "UNAUTHENTICATED").await;
    assert!(is_valid(&other).await);

    let changed = ada.send(CHANGE, change("correct horse", "battery staple")).await;
    assert!(!is_valid(&ada).await && !is_valid(&other).await && is_valid(&token).await);
    assert!(is_valid(&ada.with_token(&changed.text("/changePassword/token"))).await);
    assert_eq!(sign_in(&world, &ada, "correct horse").await.code(), "UNAUTHENTICATED");
    assert_eq!(sign_in(&world, &ada, "battery staple").await.code(), "");
    world.end().await;
}

#[tokio::test]
async fn a_wrong_current_password_is_a_guess() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let mut codes = Vec::new();
    for _ in 0..9 {
        let wrong = json!({ "current": "wrong horse", "new": "battery staple" });
        codes.push(ada.ask(CHANGE, wrong).await.code());
    }
    assert_eq!(codes[..5], ["BAD_USER_INPUT"; 5]);
    assert!(codes.iter().any(|code| code == "RATE_LIMITED"), "{codes:?}");
    world.end().await;
}
