//! Pages of other origins, and other names of the server.

use serde_json::json;

use super::raw::Raw;
use crate::harness::World;

const UPGRADE: [&str; 5] = [
    "connection: upgrade",
    "upgrade: websocket",
    "sec-websocket-version: 13",
    "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
    "sec-websocket-protocol: graphql-transport-ws",
];

async fn world() -> World {
    World::start_with(&|config| {
        config.http.public_url = Some("https://triptych.example".to_owned());
        config.http.allowed_hosts = vec!["api.example".to_owned()];
        config.http.allowed_origins = vec!["https://app.example".to_owned()];
    })
    .await
}

/// The response to a request with these header lines.
async fn ask(world: &World, request: &str, headers: &[&str], body: &str) -> String {
    let mut raw = Raw::open(world).await;
    let length = format!("content-length: {}", body.len());
    let mut lines = headers.to_vec();
    if !request.starts_with("GET") {
        lines.extend(["content-type: application/json", length.as_str()]);
    }
    raw.head(request, &lines).await;
    raw.write(body).await;
    raw.response().await
}

#[tokio::test]
async fn pages_of_other_origins_are_refused_with_and_without_credentials() {
    let world = world().await;
    let ada = world.newcomer().await;
    let bearer = format!("authorization: Bearer {}", ada.token.as_deref().expect("a session"));
    let cookie = format!("cookie: triptych_session={}", ada.token.as_deref().expect("a session"));
    let body = json!({ "query": "{ viewer { user { id } } }" }).to_string();
    let own = format!("origin: {}", world.url);
    for origin in ["origin: https://evil.example", "origin: null", "origin: http://127.0.0.1:1"] {
        for credential in ["x-none: 1", &bearer, &cookie] {
            let posted = ask(&world, "POST /graphql", &[origin, credential], &body).await;
            let refused = posted.starts_with("http/1.1 403") && posted.contains("forbidden");
            assert!(refused && !posted.contains("access-control"), "{origin} {credential}: {posted}");
            let got = ask(&world, "GET /graphql?query=%7B__typename%7D", &[origin, credential], "").await;
            assert!(got.starts_with("http/1.1 403"), "{got}");
            let upgrade = [&UPGRADE[..], &[origin, credential]].concat();
            let handshake = ask(&world, "GET /graphql", &upgrade, "").await;
            assert!(handshake.starts_with("http/1.1 403"), "{origin} {credential}: {handshake}");
        }
    }
    for origin in ["x-none: 1", &own, "origin: https://triptych.example", "origin: https://app.example"] {
        let posted = ask(&world, "POST /graphql", &[origin, &bearer], &body).await;
        assert!(posted.starts_with("http/1.1 200") && posted.contains("user_"), "{origin}: {posted}");
        let upgrade = [&UPGRADE[..], &[origin]].concat();
        let handshake = ask(&world, "GET /graphql", &upgrade, "").await;
        assert!(handshake.starts_with("http/1.1 101"), "{origin}: {handshake}");
    }
    world.end().await;
}

#[tokio::test]
async fn pages_of_allowed_origins_can_read_responses() {
    let world = world().await;
    let preflight = ["origin: https://app.example", "access-control-request-method: POST"];
    let answer = ask(&world, "OPTIONS /graphql", &preflight, "").await;
    assert!(answer.starts_with("http/1.1 204"), "{answer}");
    for header in [
        "access-control-allow-origin: https://app.example",
        "access-control-allow-methods: get, post",
        "access-control-allow-credentials: true",
        "vary: origin",
    ] {
        assert!(answer.contains(header), "{header}: {answer}");
    }
    assert!(answer.contains("authorization") && answer.contains("content-type"), "{answer}");
    // Errors can be read as well.
    let refused = ask(&world, "POST /graphql", &["origin: https://app.example"], "{").await;
    assert!(refused.starts_with("http/1.1 400"), "{refused}");
    assert!(refused.contains("access-control-allow-origin: https://app.example"), "{refused}");
    let foreign = ["origin: https://evil.example", "access-control-request-method: POST"];
    let answer = ask(&world, "OPTIONS /graphql", &foreign, "").await;
    assert!(answer.starts_with("http/1.1 403") && !answer.contains("access-control"), "{answer}");
    world.end().await;
}

#[tokio::test]
async fn the_server_does_not_answer_to_foreign_names() {
    let world = world().await;
    let ada = world.newcomer().await;
    let (_, webhook) = ada.published_flow(crate::harness::steps([crate::harness::hook()])).await;
    let webhook = webhook.trim_start_matches("https://triptych.example");
    let body = json!({ "query": "{ __typename }" }).to_string();
    // A page of this name is of the same origin as the server, once the name resolves to it.
    let rebound = ["host: rebound.example", "origin: http://rebound.example"];
    let posted = ask(&world, "POST /graphql", &rebound, &body).await;
    assert!(posted.starts_with("http/1.1 421") && posted.contains("allowed_hosts"), "{posted}");
    for path in ["/", "/playground", "/nowhere", webhook] {
        let answer = ask(&world, &format!("GET {path}"), &["host: rebound.example"], "").await;
        assert!(answer.starts_with("http/1.1 421"), "{path}: {answer}");
    }
    let upgrade = [&UPGRADE[..], &rebound].concat();
    assert!(ask(&world, "GET /graphql", &upgrade, "").await.starts_with("http/1.1 421"));
    // The health is asked for by address or by names of the machines that ask.
    assert!(ask(&world, LIVE, &["host: rebound.example"], "").await.starts_with("http/1.1 200"));
    for host in ["host: localhost", "host: triptych.example", "host: api.example:8000", "host: [::1]:8000"] {
        let posted = ask(&world, "POST /graphql", &[host], &body).await;
        assert!(posted.starts_with("http/1.1 200"), "{host}: {posted}");
    }
    // Other servers and pages call webhooks.
    let called = ask(&world, &format!("POST {webhook}"), &["origin: https://evil.example"], "{}").await;
    assert!(called.starts_with("http/1.1 202"), "{called}");
    world.end().await;
}

const LIVE: &str = "GET /health/live";
