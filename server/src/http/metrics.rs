//! Metrics of the API, and their text.

use std::{
    sync::OnceLock,
    time::{Duration, Instant},
};

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use tokio_util::sync::CancellationToken;
use triptych_schema::RequestKind;
use triptych_services::tasks::Turns;

const UPKEEP_EVERY: Duration = Duration::from_secs(5);
const REQUESTS: &str = "triptych_graphql_requests_total";
const DURATION: &str = "triptych_graphql_request_duration_seconds";
const CONNECTIONS: &str = "triptych_websocket_connections";
const SUBSCRIPTIONS: &str = "triptych_subscriptions";
const EVENTS: &str = "triptych_subscription_events_total";
const WEBHOOKS: &str = "triptych_webhook_requests_total";
const TASK_IDLE: &str = "triptych_task_seconds_since_success";
const TASK_LATE: &str = "triptych_task_late";
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// The recorder of this process. `None` when another one is installed.
pub(super) fn handle() -> Option<PrometheusHandle> {
    static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    HANDLE
        .get_or_init(|| {
            let installed = install();
            installed.inspect_err(|error| tracing::warn!(%error, "installing the metrics recorder failed; /metrics is disabled")).ok()
        })
        .clone()
}

fn install() -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new().set_buckets(&SECONDS)?.install_recorder()?;
    describe_counter!(REQUESTS, "GraphQL operations, by kind, transport and whether they were refused");
    describe_histogram!(DURATION, Unit::Seconds, "Duration of queries and mutations");
    describe_gauge!(CONNECTIONS, "Open WebSocket connections");
    describe_gauge!(SUBSCRIPTIONS, "Active subscriptions");
    describe_counter!(EVENTS, "Events sent to subscribers");
    describe_counter!(WEBHOOKS, "Requests to webhooks, by status");
    describe_gauge!(TASK_IDLE, Unit::Seconds, "Time since a background task last succeeded");
    describe_gauge!(TASK_LATE, "1 if that is longer than a background task may take, else 0");
    Ok(handle)
}

/// Aggregates recorded values regularly, so that memory does not grow if they are not scraped.
pub(super) async fn upkeep(handle: PrometheusHandle, drain: CancellationToken) {
    let mut ticks = tokio::time::interval(UPKEEP_EVERY);
    loop {
        tokio::select! {
            () = drain.cancelled() => return,
            _ = ticks.tick() => handle.run_upkeep(),
        }
    }
}

/// All metrics in Prometheus' text format.
pub(super) fn text(handle: &PrometheusHandle, turns: &Turns) -> Response {
    for task in turns.states() {
        gauge!(TASK_IDLE, "task" => task.turn.name()).set(task.idle.as_secs_f64());
        gauge!(TASK_LATE, "task" => task.turn.name()).set(if task.late { 1.0 } else { 0.0 });
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], handle.render()).into_response()
}

/// The transport of an operation.
#[derive(Debug, Clone, Copy)]
pub(super) enum Transport {
    Http,
    WebSocket,
}

impl Transport {
    fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::WebSocket => "websocket",
        }
    }
}

/// Counts one operation; `refused` when it was not executed.
pub(super) fn count_operation(kind: Option<RequestKind>, via: Transport, refused: bool, begun: Instant) {
    let kind = match kind {
        Some(RequestKind::Query) => "query",
        Some(RequestKind::Mutation) => "mutation",
        Some(RequestKind::Subscription) => "subscription",
        None => "unknown",
    };
    let outcome = if refused { "refused" } else { "executed" };
    counter!(REQUESTS, "kind" => kind, "transport" => via.name(), "outcome" => outcome).increment(1);
    if !refused && kind != "subscription" {
        histogram!(DURATION, "kind" => kind, "transport" => via.name()).record(begun.elapsed().as_secs_f64());
    }
}

pub(super) fn count_webhook(status: StatusCode) {
    counter!(WEBHOOKS, "status" => status.as_str().to_owned()).increment(1);
}

/// The counter of events sent to subscribers. Looked up once a subscription, so that an event costs one addition.
pub(super) fn events() -> metrics::Counter {
    counter!(EVENTS)
}

/// Counts an open connection or subscription until it is dropped.
#[derive(Debug)]
pub(super) struct Open(&'static str);

impl Open {
    pub(super) fn connection() -> Self {
        Self::count(CONNECTIONS)
    }

    pub(super) fn subscription() -> Self {
        Self::count(SUBSCRIPTIONS)
    }

    fn count(name: &'static str) -> Self {
        gauge!(name).increment(1.0);
        Self(name)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        gauge!(self.0).decrement(1.0);
    }
}
