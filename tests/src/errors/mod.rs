//! Snapshots of every shape of error, over HTTP and over WebSocket.

mod databases;
mod limits;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::{Client, Socket, World, redacted};

const NOWHERE: &str = "flow_01h2xcejqtf2nbrexx3vqjhp41";
const SIGN_UP: &str = "mutation($input: SignUpInput!) { signUp(input: $input) { token } }";
const CREATE: &str = "mutation { createFlow(input: { name: \"No\" }) { flow { id } } }";
const FLOW: &str = "query($id: ID!) { flow(id: $id) { id } }";

/// The status and the response to a body.
async fn post(client: &Client, body: String) -> String {
    let mut request = client.http().post(format!("{}/graphql", client.url)).body(body);
    request = request.header("content-type", "application/json");
    if let Some(token) = &client.token {
        request = request.bearer_auth(token);
    }
    let response = request.send().await.expect("the server answers");
    let status = response.status().as_u16();
    let answer: Value = response.json().await.expect("JSON");
    format!("HTTP {status}\n{}", redacted(&answer))
}

async fn asked(client: &Client, query: &str, variables: Value) -> String {
    post(client, json!({ "query": query, "variables": variables }).to_string()).await
}

/// The messages that respond to an operation, up to its end.
async fn subscribed(socket: &mut Socket, query: &str, variables: Value) -> String {
    socket.subscribe("1", query, variables).await;
    let mut messages = Vec::new();
    loop {
        let message = socket.read().await;
        let ends = message["type"] == "complete" || message["type"] == "error";
        messages.push(message);
        if ends {
            return redacted(&json!(messages));
        }
    }
}

#[tokio::test]
async fn unauthenticated() {
    let world = World::start().await;
    let anonymous = world.anonymous();
    assert_snapshot!("unauthenticated", asked(&anonymous, FLOW, json!({ "id": NOWHERE })).await);
    let forged = anonymous.with_token("forged");
    assert_snapshot!("unauthenticated_token", asked(&forged, FLOW, json!({ "id": NOWHERE })).await);
    let mut socket = anonymous.socket().await;
    let events = "subscription($id: ID!) { executionEvents(executionId: $id) { seq } }";
    let ids = json!({ "id": "exec_01h2xcejqtf2nbrexx3vqjhp41" });
    assert_snapshot!("unauthenticated_subscription", subscribed(&mut socket, events, ids).await);
    world.end().await;
}

#[tokio::test]
async fn forbidden() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let viewer = world.member(&ada, "viewer", &[]).await;
    assert_snapshot!("forbidden", asked(&viewer, CREATE, json!({})).await);
    assert_snapshot!("forbidden_socket", subscribed(&mut viewer.socket().await, CREATE, json!({})).await);
    world.end().await;
}

#[tokio::test]
async fn not_found() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let id = json!({ "id": NOWHERE });
    assert_snapshot!("not_found", asked(&ada, FLOW, id.clone()).await);
    assert_snapshot!("not_found_socket", subscribed(&mut ada.socket().await, FLOW, id).await);
    let answer = ada.http().post(format!("{}/webhooks/nowhere", ada.url)).send().await.expect("an answer");
    assert_eq!(answer.status(), 404);
    assert_snapshot!("not_found_webhook", redacted(&answer.json().await.expect("JSON")));
    world.end().await;
}

#[tokio::test]
async fn bad_user_input() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let input = json!({ "input": { "email": "x", "password": "y", "name": "", "organizationName": "" } });
    assert_snapshot!("bad_user_input_fields", asked(&ada, SIGN_UP, input.clone()).await);
    assert_snapshot!("bad_user_input_id", asked(&ada, FLOW, json!({ "id": "org_x" })).await);
    assert_snapshot!("bad_user_input_variable", asked(&ada, SIGN_UP, json!({ "input": 1 })).await);
    assert_snapshot!("bad_user_input_syntax", asked(&ada, "{", json!({})).await);
    assert_snapshot!("bad_user_input_field", asked(&ada, "{ nothing }", json!({})).await);
    assert_snapshot!("bad_user_input_body", post(&ada, "{".to_owned()).await);
    let mut socket = ada.socket().await;
    assert_snapshot!("bad_user_input_fields_socket", subscribed(&mut socket, SIGN_UP, input).await);
    assert_snapshot!("bad_user_input_syntax_socket", subscribed(&mut socket, "{", json!({})).await);
    world.end().await;
}

#[tokio::test]
async fn conflict() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let again = json!({ "input": { "email": ada.email, "password": "correct horse", "name": "Ada",
                                   "organizationName": "Again" } });
    assert_snapshot!("conflict", asked(&ada, SIGN_UP, again).await);
    let sent = ada.say("5000 words rate:50").await;
    let another =
        "mutation($id: ID!) { sendMessage(input: { threadId: $id, text: \"x\" }) { thread { id } } }";
    let thread = json!({ "id": sent.thread });
    assert_snapshot!("conflict_extension", asked(&ada, another, thread.clone()).await);
    assert_snapshot!("conflict_extension_socket", subscribed(&mut ada.socket().await, another, thread).await);
    let cancel =
        "mutation($id: ID!) { cancelGeneration(input: { generationId: $id }) { generation { id } } }";
    ada.send(cancel, json!({ "id": sent.generation })).await;
    ada.answered(&sent.generation).await;
    world.end().await;
}
