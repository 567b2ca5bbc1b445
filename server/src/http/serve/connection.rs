//! One connection.

use std::{convert::Infallible, future::Future, net::SocketAddr, pin::Pin, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{HeaderValue, Request, Response, StatusCode, header},
    response::IntoResponse as _,
};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use tokio::net::TcpStream;
use tower::Service as _;
use triptych_services::error::Code;

use super::{
    Place,
    activity::{Activity, Tracked},
};
use crate::http::{HttpState, address, addresses::AddressPlace, refusal::Refusal};

/// Time limit of ending a connection that was overdue or is drained.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);
/// Largest head of a request over HTTP/1, and size of its buffers.
const HEAD_BYTES: usize = 80 << 10;
/// Largest list of headers of a request over HTTP/2.
const HEADER_LIST_BYTES: u32 = 80 << 10;
/// Requests in progress on one connection over HTTP/2.
const STREAMS: u32 = 100;
/// Streams that a client may have reset while they are not yet accepted. More close the connection.
const RESET_STREAMS: usize = 20;
/// Interval of pings over HTTP/2, and time limit of their answers.
const PING_EVERY: Duration = Duration::from_secs(20);
const PING_TIMEOUT: Duration = Duration::from_secs(20);

/// Serves a connection until either side closes it, it is overdue, or the server is drained.
pub(super) async fn serve(stream: TcpStream, service: Service) {
    let (activity, drain) = (service.activity.clone(), service.state.drain.clone());
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(None).max_buf_size(HEAD_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_TIMEOUT)
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEADER_LIST_BYTES)
        .max_pending_accept_reset_streams(RESET_STREAMS);
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    let mut connection = Box::pin(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = activity.overdue() => None,
        () = drain.cancelled() => {
            connection.as_mut().graceful_shutdown();
            Some(connection.as_mut().await)
        }
    };
    let ended = if let Some(ended) = ended {
        ended
    } else {
        connection.as_mut().graceful_shutdown();
        tokio::time::timeout(CLOSE_TIMEOUT, connection).await.unwrap_or(Ok(()))
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection failed");
    }
}

/// Handles the requests of one connection.
#[derive(Clone)]
pub(super) struct Service {
    app: Router,
    state: HttpState,
    peer: SocketAddr,
    place: Place,
    activity: Activity,
}

impl Service {
    pub(super) fn new(app: Router, state: HttpState, peer: SocketAddr, place: Place) -> Self {
        let http = &state.config.http;
        let activity = Activity::new(http.head_timeout(), http.idle_timeout());
        Self { app, state, peer, place, activity }
    }

    /// Counts a request that a trusted proxy forwards for the address of its client. `Err` at the limit.
    fn forwarded(&self, request: &Request<Incoming>) -> Result<Option<AddressPlace>, Refusal> {
        let http = &self.state.config.http;
        if !address::is_trusted(self.peer.ip(), &http.trusted_proxies) {
            return Ok(None);
        }
        let client = address::client(self.peer.ip(), request.headers(), &http.trusted_proxies);
        if address::is_trusted(client, &http.trusted_proxies) {
            return Ok(None);
        }
        let place = self.state.addresses.enter(client, http.max_connections_per_address);
        place.map(Some).ok_or_else(too_many)
    }
}

impl hyper::service::Service<Request<Incoming>> for Service {
    type Response = Response<Tracked>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let running = self.activity.begin();
        let counted = self.forwarded(&request);
        let (mut app, place, peer) = (self.app.clone(), self.place.clone(), self.peer);
        Box::pin(async move {
            let of_client = match counted {
                Ok(of_client) => of_client.map(std::sync::Arc::new),
                Err(refusal) => {
                    let response = refusal.into_response();
                    return Ok(response.map(|body| Tracked::new(body, running, None)));
                }
            };
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            request.extensions_mut().insert(place);
            if let Some(of_client) = &of_client {
                request.extensions_mut().insert(of_client.clone());
            }
            let Ok(response) = app.call(request).await;
            Ok(response.map(|body| Tracked::new(body, running, of_client)))
        })
    }
}

/// 503: an address has too many requests in progress.
fn too_many() -> Refusal {
    Refusal::new(
        StatusCode::SERVICE_UNAVAILABLE,
        Code::RateLimited,
        "there are too many connections of this address; try again",
    )
    .with(header::RETRY_AFTER, HeaderValue::from_static("5"))
}
