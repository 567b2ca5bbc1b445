//! Accepting and draining connections.

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

/// Time limit of receiving the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);
/// Pause after a failed accept. The usual reason is too many open files, so a connection has to close first.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `drain` of the state is cancelled. Then it accepts no more connections, closes every WebSocket, and
/// waits `grace` for requests in progress.
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
                tracing::debug!(%error, "connection failed");
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
        tracing::warn!(open = state.tasks.len(), "tasks still running after the grace period");
    }
}

type Permit = Arc<tokio::sync::OwnedSemaphorePermit>;

/// The next connection, once fewer than `http.max_connections` are open. `None` when accepting failed.
async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> Option<(TcpStream, std::net::SocketAddr, Permit)> {
    let permit = room.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            // Otherwise a small frame waits for the acknowledgement of the frames before it.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "setting TCP_NODELAY failed");
            }
            Some((stream, peer, Arc::new(permit)))
        }
        Err(error) => {
            tracing::warn!(%error, "accepting a connection failed");
            None
        }
    }
}

/// The service of one connection. Its permit is held by the extensions of its requests, so that a WebSocket, which a
/// request is upgraded to, holds it too.
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

/// The permit of one of `http.max_connections`.
#[derive(Clone)]
pub(super) struct Place(#[expect(dead_code, reason = "held, not read")] Permit);
