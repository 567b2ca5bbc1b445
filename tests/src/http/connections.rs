//! Time limits and numbers of connections.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::json;

use super::raw::Raw;
use crate::harness::{Socket, World, attempts};

const PREFACE: &str = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// An empty frame of settings of HTTP/2.
const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
const LIVE: &str = "GET /health/live";

/// Short limits of time.
async fn impatient() -> World {
    World::start_with(&|config| {
        config.http.head_timeout_seconds = 1;
        config.http.body_timeout_seconds = 1;
        config.http.idle_timeout_seconds = 1;
        config.http.write_timeout_seconds = 1;
    })
    .await
}

#[tokio::test]
async fn silent_and_slow_connections_are_closed() {
    let world = impatient().await;
    let begun = Instant::now();
    let silent = join_all((0..50).map(|_| Raw::open(&world))).await;
    let silent = silent.into_iter().map(|mut raw| async move { raw.closed().await });
    let trickled = async {
        let mut raw = Raw::open(&world).await;
        raw.write("GET /graphql HTTP/1.1\r\nx: ").await;
        raw.trickle(b"x").await;
    };
    let after_preface = async |preface: &'static str| {
        let mut raw = Raw::open(&world).await;
        raw.write(preface).await;
        raw.closed().await;
    };
    let prefaces = async { tokio::join!(after_preface(&PREFACE[..10]), after_preface(PREFACE)) };
    let without_requests = async {
        let mut raw = Raw::open(&world).await;
        raw.write(PREFACE).await;
        // Each is acknowledged, and none is a request.
        raw.trickle(&SETTINGS).await;
    };
    let (received, ..) = tokio::join!(join_all(silent), trickled, prefaces, without_requests);
    assert!(received.iter().all(Vec::is_empty));
    assert!(begun.elapsed() < Duration::from_secs(10), "it took {:?}", begun.elapsed());
    world.end().await;
}

#[tokio::test]
async fn idle_connections_are_closed_and_used_ones_are_not() {
    let world = impatient().await;
    let mut idle = Raw::open(&world).await;
    idle.head(LIVE, &[]).await;
    assert!(idle.response().await.starts_with("http/1.1 200"));
    // The head of a second request that does not end.
    idle.write("GET / HTTP/1.1\r\nx: ").await;
    let mut busy = Raw::open(&world).await;
    let using = async {
        let mut ticks = attempts(Duration::from_millis(2500));
        while ticks.next().await {
            busy.head(LIVE, &[]).await;
            assert!(busy.response().await.starts_with("http/1.1 200"));
        }
    };
    tokio::join!(idle.trickle(b"x"), using);
    world.end().await;
}

#[tokio::test]
async fn a_slow_body_is_refused() {
    let world = impatient().await;
    let mut raw = Raw::open(&world).await;
    raw.head("POST /graphql", &["content-type: application/json", "content-length: 100"]).await;
    raw.write("{").await;
    let response = raw.response().await;
    assert!(response.starts_with("http/1.1 408"), "{response}");
    world.end().await;
}

#[tokio::test]
async fn a_response_that_is_not_read_is_not_kept() {
    let world = World::start_with(&|config| {
        config.http.idle_timeout_seconds = 1;
        config.http.max_connections_per_address = 1;
    })
    .await;
    let mut slow = Raw::open(&world).await;
    let query = include_str!("../../../schema/src/limits/introspection.graphql");
    let body = json!({ "query": query }).to_string();
    let length = format!("content-length: {}", body.len());
    // Several responses, which exceed the buffers of the sockets.
    for _ in 0..20 {
        slow.head("POST /graphql", &["content-type: application/json", &length]).await;
        slow.write(&body).await;
    }
    // Only one connection is allowed, so another is served when that one is gone.
    let mut ticks = attempts(Duration::from_secs(20));
    loop {
        assert!(ticks.next().await, "the connection stays open");
        let mut other = Raw::open(&world).await;
        other.head(LIVE, &["connection: close"]).await;
        if other.response().await.starts_with("http/1.1 200") {
            break;
        }
    }
    world.end().await;
}

#[tokio::test]
async fn a_full_server_answers_newcomers() {
    for per_address in [false, true] {
        let world = World::start_with(&|config| {
            let limit = if per_address {
                &mut config.http.max_connections_per_address
            } else {
                &mut config.http.max_connections
            };
            *limit = 2;
        })
        .await;
        let mut open = [Raw::open(&world).await, Raw::open(&world).await];
        for raw in &mut open {
            raw.head(LIVE, &[]).await;
            assert!(raw.response().await.starts_with("http/1.1 200"));
        }
        let mut third = Raw::open(&world).await;
        third.head(LIVE, &[]).await;
        let refused = third.response().await;
        assert!(refused.starts_with("http/1.1 503") && refused.contains("retry-after: "), "{refused}");
        assert!(refused.contains("\"code\":\"unavailable\""), "{refused}");
        assert!(third.closed().await.is_empty());
        drop(open);
        let mut ticks = attempts(Duration::from_secs(20));
        loop {
            assert!(ticks.next().await, "there is no room again");
            let mut next = Raw::open(&world).await;
            next.head(LIVE, &[]).await;
            if next.response().await.starts_with("http/1.1 200") {
                break;
            }
        }
        world.end().await;
    }
}

#[tokio::test]
async fn sockets_without_a_session_are_limited_by_address() {
    let world = World::start_with(&|config| config.http.anonymous_sockets_per_address = 2).await;
    let ada = world.newcomer().await;
    let anonymous = [Socket::open(&world.url, None).await, Socket::open(&world.url, None).await];
    let mut third = Raw::open(&world).await;
    let upgrade = [
        "connection: upgrade",
        "upgrade: websocket",
        "sec-websocket-version: 13",
        "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
        "sec-websocket-protocol: graphql-transport-ws",
    ];
    third.head("GET /graphql", &upgrade).await;
    let refused = third.response().await;
    assert!(refused.starts_with("http/1.1 503") && refused.contains("retry-after: "), "{refused}");
    let [first, _second] = anonymous;
    first.cut();
    // A socket with a session does not count once it has authenticated.
    let mut ticks = attempts(Duration::from_secs(20));
    loop {
        assert!(ticks.next().await, "the place is not released");
        let mut next = Raw::open(&world).await;
        next.head("GET /graphql", &upgrade).await;
        if next.response().await.starts_with("http/1.1 101") {
            break;
        }
    }
    for _ in 0..5 {
        let mut ticks = attempts(Duration::from_secs(20));
        while Socket::try_open(&world.url, ada.token.as_deref()).await.is_none() {
            assert!(ticks.next().await, "the place is not released");
        }
    }
    world.end().await;
}

#[tokio::test]
async fn clients_behind_a_trusted_proxy_are_limited_by_their_own_address() {
    let world = World::start_with(&|config| {
        config.http.trusted_proxies = vec!["127.0.0.1".to_owned().try_into().expect("a network")];
        config.http.max_connections_per_address = 2;
    })
    .await;
    let begin = async |client: &str| {
        let mut raw = Raw::open(&world).await;
        let forwarded = format!("x-forwarded-for: {client}");
        let headers = ["content-type: application/json", "content-length: 2", &forwarded];
        raw.head("POST /graphql", &headers).await;
        raw
    };
    let mut open = vec![begin("198.51.100.1").await, begin("198.51.100.1").await];
    // Of another client: the connections of the proxy itself are not limited.
    open.push(begin("198.51.100.2").await);
    let mut ticks = attempts(Duration::from_secs(20));
    loop {
        assert!(ticks.next().await, "the third request is served");
        let mut third = begin("198.51.100.1").await;
        third.write("{}").await;
        let response = third.response().await;
        if response.starts_with("http/1.1 503") {
            assert!(response.contains("retry-after: ") && response.contains("rate_limited"), "{response}");
            break;
        }
    }
    for raw in &mut open {
        raw.write("{}").await;
        assert!(raw.response().await.starts_with("http/1.1 400"));
    }
    let mut ticks = attempts(Duration::from_secs(20));
    loop {
        assert!(ticks.next().await, "the places are not released");
        let mut again = begin("198.51.100.1").await;
        again.write("{}").await;
        if again.response().await.starts_with("http/1.1 400") {
            break;
        }
    }
    world.end().await;
}

#[tokio::test]
async fn a_socket_that_is_not_read_is_closed() {
    let world = World::start_with(&|config| {
        config.http.write_timeout_seconds = 1;
        config.limits.connections_per_user = 1;
    })
    .await;
    let ada = world.newcomer().await;
    let mut slow = ada.socket().await;
    let query = include_str!("../../../schema/src/limits/introspection.graphql");
    for n in 0..100 {
        slow.subscribe(&n.to_string(), query, json!({})).await;
    }
    // The user can have one connection, so another is accepted when that one is gone.
    let mut ticks = attempts(Duration::from_secs(20));
    while Socket::try_open(&world.url, ada.token.as_deref()).await.is_none() {
        assert!(ticks.next().await, "the connection stays open");
    }
    world.end().await;
}
