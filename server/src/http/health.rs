//! Whether this process lives, and whether it can serve.

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use serde_json::{Map, Value, json};

use super::{HttpState, metrics};

pub(super) fn routes() -> Router<HttpState> {
    Router::new()
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .route("/metrics", get(metrics::show))
}

/// 200 while the process runs, whatever its databases do: restarting it would not bring them back.
async fn live() -> Json<Value> {
    Json(json!({ "status": "live" }))
}

/// 200 when every database answers and the process is not about to end.
async fn ready(State(state): State<HttpState>) -> Response {
    let draining = state.drain.is_cancelled();
    let health = state.services.health().await;
    let all_up = health.iter().all(|store| store.up);
    let stores: Map<String, Value> = health
        .iter()
        .map(|store| {
            let latency = (store.latency.as_secs_f64() * 1e6).round() / 1e3;
            (store.store.to_owned(), json!({ "up": store.up, "latencyMs": latency }))
        })
        .collect();
    let (status, word) = match (draining, all_up) {
        (true, _) => (StatusCode::SERVICE_UNAVAILABLE, "draining"),
        (false, true) => (StatusCode::OK, "ready"),
        (false, false) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
    };
    let mut response = (status, Json(json!({ "status": word, "stores": stores }))).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
