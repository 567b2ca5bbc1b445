//! A real HTTP server for flows to call.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Json, Router,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::any,
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
    /// half a second.
    pub async fn start() -> Self {
        let hits = Arc::new(AtomicUsize::new(0));
        let app = Router::new()
            .route("/echo", any(echo))
            .route("/fail", any(async || (StatusCode::INTERNAL_SERVER_ERROR, "it broke")))
            .route("/flaky", any(flaky))
            .route("/slow", any(slow))
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
