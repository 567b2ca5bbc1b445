//! An HTTP server with the wire format of the chat completions of OpenAI, with valid and invalid responses.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Json, Router,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::post,
};
use futures::StreamExt as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The only valid API key.
pub const PROVIDER_KEY: &str = "sk-local-very-secret";

/// Listens on loopback until it is dropped.
pub struct ProviderServer {
    /// The `base_url` of the provider.
    pub url: String,
    hits: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl ProviderServer {
    /// The name of the model determines the response: `whole` streams `Hello, world` and its usage; `half` breaks off after
    /// `Hel`; a number is the status of an error that quotes the key.
    pub async fn start() -> Self {
        let hits = Arc::new(AtomicUsize::new(0));
        let app = Router::new().route("/v1/chat/completions", post(completions)).with_state(hits.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/v1", listener.local_addr().expect("an address"));
        let task = tokio::spawn(async move { axum::serve(listener, app).await.expect("it serves") });
        Self { url, hits, task }
    }

    /// The number of requests.
    pub fn hits(&self) -> usize {
        self.hits.load(Ordering::SeqCst)
    }
}

impl Drop for ProviderServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn completions(
    State(hits): State<Arc<AtomicUsize>>,
    headers: HeaderMap,
    Json(ask): Json<Value>,
) -> Response {
    hits.fetch_add(1, Ordering::SeqCst);
    let key = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if key != format!("Bearer {PROVIDER_KEY}") {
        return refusal(StatusCode::UNAUTHORIZED, key);
    }
    let model = ask["model"].as_str().unwrap_or_default();
    if let Some(status) = model.parse().ok().and_then(|status| StatusCode::from_u16(status).ok()) {
        return refusal(status, key);
    }
    let half = vec![chunk(&json!({ "role": "assistant", "content": "Hel" }), &Value::Null)];
    let body = if model == "half" {
        // What is not written when the body fails is dropped. hyper writes what it has when the body is pending.
        let cut = futures::stream::once(async {
            tokio::task::yield_now().await;
            Err(std::io::Error::other("cut"))
        });
        Body::from_stream(futures::stream::iter(half.into_iter().map(Ok)).chain(cut))
    } else {
        let usage = json!({ "prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12,
                            "prompt_tokens_details": { "cached_tokens": 4 } });
        let rest = [
            chunk(&json!({ "content": "lo, " }), &Value::Null),
            chunk(&json!({ "content": "world" }), &Value::Null),
            chunk(&json!({}), &json!("stop")),
            format!("data: {}\n\n", json!({ "id": "1", "choices": [], "usage": usage })),
            "data: [DONE]\n\n".to_owned(),
        ];
        Body::from(half.into_iter().chain(rest).collect::<String>())
    };
    ([(header::CONTENT_TYPE, "text/event-stream")], body).into_response()
}

fn chunk(delta: &Value, finish: &Value) -> String {
    let choices = json!([{ "index": 0, "delta": delta, "finish_reason": finish }]);
    format!("data: {}\n\n", json!({ "id": "1", "choices": choices }))
}

/// Quotes the key in the error, as some providers do.
fn refusal(status: StatusCode, key: &str) -> Response {
    (status, Json(json!({ "error": { "message": format!("refused: {key}") } }))).into_response()
}
