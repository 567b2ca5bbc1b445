//! Liveness, readiness and metrics.

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use serde_json::{Map, Value, json};
use triptych_services::health;

use super::{HttpState, metrics};

pub(super) fn routes() -> Router<HttpState> {
    Router::new()
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .route("/metrics", get(metrics::show))
}

/// 200 while the process runs, independently of the databases, as a restart would not make them available.
async fn live() -> Json<Value> {
    Json(json!({ "status": "live" }))
}

/// 200 when every database answers and the process is not shutting down. The reasons of failures are in the log only,
/// as this address requires no authentication.
async fn ready(State(state): State<HttpState>) -> Response {
    let draining = state.drain.is_cancelled();
    let report = health::ready(&state.services.stores, &state.services.live).await;
    let all_up = report.iter().all(|health| health.answer.is_ok());
    let stores: Map<String, Value> = report
        .iter()
        .map(|health| {
            let latency = (health.took.as_secs_f64() * 1e6).round() / 1e3;
            let entry = json!({ "up": health.answer.is_ok(), "latencyMs": latency });
            (health.store.key().to_owned(), entry)
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
