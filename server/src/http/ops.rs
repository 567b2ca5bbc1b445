//! The address for operators: metrics and detailed health, of processes that only run jobs too. It requires no
//! authentication, so it is an address of its own, on this machine unless `ops.bind` says otherwise.

use std::{io, net::SocketAddr};

use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse as _, Response},
    routing::get,
};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use triptych_services::{Services, tasks::Turns};

use super::{
    health::{self, Readiness},
    metrics,
    origin::Boundary,
    refusal,
};

/// The server of this address.
pub struct Ops {
    pub address: SocketAddr,
    serving: JoinHandle<()>,
    upkeep: Option<JoinHandle<()>>,
}

impl Ops {
    /// Listens on the first of the addresses that is free.
    ///
    /// # Errors
    /// The last address, and why it cannot be listened on.
    pub async fn start(
        addresses: &[SocketAddr],
        services: Services,
        drain: CancellationToken,
    ) -> Result<Self, (SocketAddr, io::Error)> {
        let listener = listen(addresses).await?;
        let address = listener.local_addr().map_err(|error| (SocketAddr::from(([0; 4], 0)), error))?;
        let metrics = metrics::handle();
        let upkeep = metrics.clone().map(|handle| tokio::spawn(metrics::upkeep(handle, drain.clone())));
        let turns = services.turns.clone();
        let router = router(Readiness::new(services, drain), (metrics, turns), Boundary::of_address(address));
        let serving = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%address, %error, "serving metrics and health failed");
            }
        });
        Ok(Self { address, serving, upkeep })
    }

    /// Stops at once: nobody depends on an answer during the shutdown.
    pub async fn stop(self) {
        for task in [Some(self.serving), self.upkeep].into_iter().flatten() {
            task.abort();
            // Aborted, as intended.
            let _ = task.await;
        }
    }
}

async fn listen(addresses: &[SocketAddr]) -> Result<TcpListener, (SocketAddr, io::Error)> {
    let mut failed = (SocketAddr::from(([0; 4], 0)), io::Error::other("there is no address"));
    for address in addresses {
        match TcpListener::bind(address).await {
            Ok(listener) => return Ok(listener),
            Err(error) => failed = (*address, error),
        }
    }
    Err(failed)
}

/// The recorder of metrics, and the background tasks.
type Measured = (Option<PrometheusHandle>, Turns);

fn router(readiness: Readiness, measured: Measured, boundary: Boundary) -> Router {
    let health = Router::new()
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready_in_detail))
        .with_state(readiness);
    Router::new()
        .route("/metrics", get(show))
        .with_state(measured)
        .merge(health)
        .fallback(refusal::no_such_page)
        .layer(from_fn_with_state(boundary, only_own_hosts))
}

/// Refuses requests that are addressed to another host: pages of others could read the answers (DNS rebinding).
async fn only_own_hosts(State(boundary): State<Boundary>, request: Request, next: Next) -> Response {
    match boundary.check_host(request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

/// `GET /metrics`: Prometheus' text format.
async fn show(State((metrics, turns)): State<Measured>) -> Response {
    match metrics {
        Some(handle) => metrics::text(&handle, &turns),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
