//! Accepting connections, and letting them go.

use std::{sync::Arc, time::Duration};

use axum::{Extension, Router, extract::ConnectInfo};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tokio::{net::TcpListener, net::TcpStream, sync::Semaphore};
use tower::Layer as _;

use super::{HttpState, router};

/// How long a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);
/// After a failed accept, which is mostly too many open files: something has to close first.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until the state's `drain` is cancelled. Then nothing more is accepted, open sockets are told to come back
/// elsewhere, and what is in progress has this much time to end.
pub async fn serve(listener: TcpListener, state: HttpState, grace: Duration) {
    let room = Arc::new(Semaphore::new(state.config.http.max_connections));
    let app = router(state.clone());
    let connections = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            () = state.drain.cancelled() => break,
            accepted = accept(&listener, &room) => accepted,
        };
        let Some((stream, peer, permit)) = accepted else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let service = service(&app, peer, permit);
        let mut builder = Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
        let connection =
            builder.serve_connection_with_upgrades(TokioIo::new(stream), TowerToHyperService::new(service));
        let connection = connections.watch(connection.into_owned());
        state.tasks.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(error = %error, "a connection broke");
            }
        });
    }
    drop(listener);
    state.tasks.close();
    let ended = async {
        connections.shutdown().await;
        state.tasks.wait().await;
    };
    if tokio::time::timeout(grace, ended).await.is_err() {
        tracing::warn!(open = state.tasks.len(), "not everything ended within the grace period");
    }
}

type Permit = Arc<tokio::sync::OwnedSemaphorePermit>;

/// The next connection, once there is room for it. `None` when accepting failed.
async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> Option<(TcpStream, std::net::SocketAddr, Permit)> {
    let permit = room.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            // Without it, small frames wait for the acknowledgement of those before them.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a connection goes without TCP_NODELAY");
            }
            Some((stream, peer, Arc::new(permit)))
        }
        Err(error) => {
            tracing::warn!(%error, "a connection was not accepted");
            None
        }
    }
}

/// A connection's place is held by its requests' extensions, and so by what they are upgraded to.
fn service(
    app: &Router,
    peer: std::net::SocketAddr,
    permit: Permit,
) -> impl tower::Service<
    axum::http::Request<hyper::body::Incoming>,
    Response = axum::response::Response,
    Error = std::convert::Infallible,
    Future: Send,
> + Clone
+ Send
+ 'static {
    let app = Extension(Place(permit)).layer(Extension(ConnectInfo(peer)).layer(app.clone()));
    tower::util::MapRequest::new(app, |request: axum::http::Request<hyper::body::Incoming>| {
        request.map(axum::body::Body::new)
    })
}

/// A connection's place among `http.max_connections`.
#[derive(Clone)]
pub(super) struct Place(#[expect(dead_code, reason = "held, not read")] Permit);
