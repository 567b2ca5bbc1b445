//! Liveness and readiness.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use triptych_services::{
    Services,
    health::{self, Health},
};

/// Time for which a report answers further requests, so that requests without authentication do not reach the
/// databases at any rate.
const FRESH: Duration = Duration::from_millis(500);

/// The state of each database.
type Report = Arc<[Health<()>; 5]>;

/// Whether the process can serve.
#[derive(Clone)]
pub(super) struct Readiness {
    services: Services,
    draining: CancellationToken,
    /// The last report, and when it was made.
    last: Arc<Mutex<Option<(Instant, Report)>>>,
}

impl Readiness {
    pub(super) fn new(services: Services, draining: CancellationToken) -> Self {
        Self { services, draining, last: Arc::default() }
    }

    /// The state of the databases. Concurrent callers share one report.
    async fn report(&self) -> Report {
        let mut last = self.last.lock().await;
        if let Some((at, report)) = &*last
            && at.elapsed() < FRESH
        {
            return Arc::clone(report);
        }
        let report = Arc::new(health::ready(&self.services.stores, &self.services.live).await);
        *last = Some((Instant::now(), Arc::clone(&report)));
        report
    }

    fn status(&self, report: &Report) -> (StatusCode, &'static str) {
        let all_up = report.iter().all(|health| health.answer.is_ok());
        match (self.draining.is_cancelled(), all_up) {
            (true, _) => (StatusCode::SERVICE_UNAVAILABLE, "draining"),
            (false, true) => (StatusCode::OK, "ready"),
            (false, false) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        }
    }
}

/// 200 while the process runs, independently of the databases, as a restart would not make them available.
pub(super) async fn live() -> Json<Value> {
    Json(json!({ "status": "live" }))
}

/// 200 when every database answers and the process is not shutting down. Which of them does not is for operators only.
pub(super) async fn ready(State(readiness): State<Readiness>) -> Response {
    let (status, word) = readiness.status(&readiness.report().await);
    answer(status, json!({ "status": word }))
}

/// As [`ready`], with the state of each database and of the background tasks, which do not change the status, as they do
/// not hinder requests. The reasons of failures are in the log only.
pub(super) async fn ready_in_detail(State(readiness): State<Readiness>) -> Response {
    let report = readiness.report().await;
    let (status, word) = readiness.status(&report);
    let stores: Map<String, Value> = report
        .iter()
        .map(|health| {
            let latency = (health.took.as_secs_f64() * 1e6).round() / 1e3;
            let entry = json!({ "up": health.answer.is_ok(), "latencyMs": latency });
            (health.store.key().to_owned(), entry)
        })
        .collect();
    let tasks: Map<String, Value> = readiness
        .services
        .turns
        .states()
        .iter()
        .map(|state| {
            let seconds = (state.idle.as_secs_f64() * 1e3).round() / 1e3;
            (state.turn.name().to_owned(), json!({ "late": state.late, "secondsSinceSuccess": seconds }))
        })
        .collect();
    answer(status, json!({ "status": word, "stores": stores, "tasks": tasks }))
}

fn answer(status: StatusCode, body: Value) -> Response {
    let mut response = (status, Json(body)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
