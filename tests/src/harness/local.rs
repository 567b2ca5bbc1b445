//! A real HTTP server for flows to call.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Json, Router,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::{any, post},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Answers on loopback until it is dropped.
pub struct LocalServer {
    pub url: String,
    hits: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl LocalServer {
    /// `/echo` answers what it was sent; `/fail` answers 500; `/flaky` answers 500 twice, then 200; `/slow` takes
    /// half a second; `/ntfy` publishes like an ntfy server that is busy at first.
    pub async fn start() -> Self {
        let hits = Arc::new(AtomicUsize::new(0));
        let app = Router::new()
            .route("/echo", any(echo))
            .route("/fail", any(async || (StatusCode::INTERNAL_SERVER_ERROR, "it broke")))
            .route("/flaky", any(flaky))
            .route("/slow", any(slow))
            .route("/ntfy", post(ntfy))
            .with_state(hits.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let task = tokio::spawn(async move { axum::serve(listener, app).await.expect("it serves") });
        Self { url, hits, task }
    }

    /// How many requests came.
    pub fn hits(&self) -> usize {
        self.hits.load(Ordering::SeqCst)
    }
}

impl Drop for LocalServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn echo(State(hits): State<Arc<AtomicUsize>>, request: Request) -> Json<Value> {
    hits.fetch_add(1, Ordering::SeqCst);
    let method = request.method().to_string();
    let key = request.headers().get("idempotency-key").and_then(|key| key.to_str().ok()).map(str::to_owned);
    let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.expect("a body");
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    Json(json!({ "method": method, "idempotencyKey": key, "body": body }))
}

async fn flaky(State(hits): State<Arc<AtomicUsize>>) -> Response {
    if hits.fetch_add(1, Ordering::SeqCst) < 2 {
        return (StatusCode::SERVICE_UNAVAILABLE, "not yet").into_response();
    }
    Json(json!({ "ok": true })).into_response()
}

async fn slow(State(hits): State<Arc<AtomicUsize>>) -> Json<Value> {
    hits.fetch_add(1, Ordering::SeqCst);
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    Json(json!({ "slow": true }))
}

/// Asks to wait once, then takes messages of the bearer of `tk_good`.
async fn ntfy(
    State(hits): State<Arc<AtomicUsize>>,
    headers: HeaderMap,
    Json(message): Json<Value>,
) -> Response {
    if hits.fetch_add(1, Ordering::SeqCst) == 0 {
        let busy = json!({ "code": 42901, "http": 429, "error": "limit reached: too many requests, please be nice" });
        return (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "1")], Json(busy)).into_response();
    }
    if headers.get(header::AUTHORIZATION).is_none_or(|token| token != "Bearer tk_good") {
        let refused = json!({ "code": 40101, "http": 401, "error": "unauthorized" });
        return (StatusCode::UNAUTHORIZED, Json(refused)).into_response();
    }
    let answer = json!({ "id": "sPs71M8A2T", "time": 1_772_355_600, "event": "message", "topic": message["topic"],
                         "message": message["message"], "tags": message["tags"] });
    Json(answer).into_response()
}
