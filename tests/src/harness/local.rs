//! A real HTTP server for flows to call.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Json, Router,
    extract::{Query, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
    routing::{any, post},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch};

use super::clock::PATIENCE;

/// Listens on loopback until it is dropped.
pub struct LocalServer {
    pub url: String,
    seen: Arc<Seen>,
    task: tokio::task::JoinHandle<()>,
}

/// The requests that have come, and how many of those to `/held` may be answered.
#[derive(Default)]
struct Seen {
    hits: AtomicUsize,
    held: watch::Sender<usize>,
    released: watch::Sender<usize>,
}

impl LocalServer {
    /// `/echo` answers what it was sent; `/fail` answers 500; `/flaky` answers 500 twice, then 200; `/held` answers
    /// when it is told to; `/away?to=…` redirects; `/ntfy` publishes like an ntfy server that is busy at first.
    pub async fn start() -> Self {
        let seen = Arc::<Seen>::default();
        let app = Router::new()
            .route("/echo", any(echo))
            .route("/fail", any(async || (StatusCode::INTERNAL_SERVER_ERROR, "it broke")))
            .route("/flaky", any(flaky))
            .route("/held", any(held))
            .route("/away", any(away))
            .route("/ntfy", post(ntfy))
            .with_state(seen.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let task = tokio::spawn(async move { axum::serve(listener, app).await.expect("it serves") });
        Self { url, seen, task }
    }

    /// The number of requests.
    pub fn hits(&self) -> usize {
        self.seen.hits.load(Ordering::SeqCst)
    }

    /// Waits until this many requests have come to `/held`.
    pub async fn held(&self, count: usize) {
        let mut held = self.seen.held.subscribe();
        let reached = held.wait_for(|held| *held >= count);
        tokio::time::timeout(PATIENCE, reached).await.expect("a request in time").expect("the server runs");
    }

    /// Answers the first requests to `/held`, up to this number.
    pub fn release(&self, count: usize) {
        self.seen.released.send_replace(count);
    }

    /// Answers every request to `/held`, also those to come.
    pub fn release_all(&self) {
        self.release(usize::MAX);
    }
}

impl Drop for LocalServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn echo(State(seen): State<Arc<Seen>>, request: Request) -> Json<Value> {
    seen.hits.fetch_add(1, Ordering::SeqCst);
    let method = request.method().to_string();
    let key = request.headers().get("idempotency-key").and_then(|key| key.to_str().ok()).map(str::to_owned);
    let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.expect("a body");
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    Json(json!({ "method": method, "idempotencyKey": key, "body": body }))
}

async fn flaky(State(seen): State<Arc<Seen>>) -> Response {
    if seen.hits.fetch_add(1, Ordering::SeqCst) < 2 {
        return (StatusCode::SERVICE_UNAVAILABLE, "not yet").into_response();
    }
    Json(json!({ "ok": true })).into_response()
}

async fn held(State(seen): State<Arc<Seen>>) -> Json<Value> {
    seen.hits.fetch_add(1, Ordering::SeqCst);
    let mut number = 0;
    seen.held.send_modify(|held| {
        *held += 1;
        number = *held;
    });
    // Fails when the server ends, with nobody left to answer.
    let _ = seen.released.subscribe().wait_for(|released| *released >= number).await;
    Json(json!({ "number": number }))
}

async fn away(State(seen): State<Arc<Seen>>, Query(to): Query<HashMap<String, String>>) -> Redirect {
    seen.hits.fetch_add(1, Ordering::SeqCst);
    Redirect::temporary(&to["to"])
}

/// Asks to wait for half an hour once, then takes messages of the bearer of `tk_good`.
async fn ntfy(State(seen): State<Arc<Seen>>, headers: HeaderMap, Json(message): Json<Value>) -> Response {
    if seen.hits.fetch_add(1, Ordering::SeqCst) == 0 {
        let busy = json!({ "code": 42901, "http": 429, "error": "limit reached: too many requests, please be nice" });
        return (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "1800")], Json(busy)).into_response();
    }
    if headers.get(header::AUTHORIZATION).is_none_or(|token| token != "Bearer tk_good") {
        let refused = json!({ "code": 40101, "http": 401, "error": "unauthorized" });
        return (StatusCode::UNAUTHORIZED, Json(refused)).into_response();
    }
    let answer = json!({ "id": "sPs71M8A2T", "time": 1_772_355_600, "event": "message", "topic": message["topic"],
                         "message": message["message"], "tags": message["tags"] });
    Json(answer).into_response()
}
