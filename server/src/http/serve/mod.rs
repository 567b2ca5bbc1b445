//! Accepting, limiting and draining connections.
//!
//! [`activity`] knows when a connection is overdue, [`connection`] serves one, [`full`] answers those for which there is
//! no room.

mod activity;
mod connection;
mod full;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};

use super::{HttpState, address, addresses::AddressPlace, router};
use connection::Service;
use full::Overflow;

/// Pause after a failed accept. The usual reason is too many open files, so a connection has to close first.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `drain` of the state is cancelled. Then it accepts no more connections, closes every WebSocket, and
/// waits `grace` for requests in progress.
pub async fn serve(listener: TcpListener, state: HttpState, grace: Duration) {
    let room = Arc::new(Semaphore::new(state.config.http.max_connections));
    let app = router(state.clone());
    let overflow = Overflow::default();
    loop {
        let accepted = tokio::select! {
            () = state.drain.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "accepting a connection failed");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        // Otherwise a small frame waits for the acknowledgement of the frames before it.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "setting TCP_NODELAY failed");
        }
        match place(&state, &room, peer) {
            Some(place) => {
                let service = Service::new(app.clone(), state.clone(), peer, place);
                state.tasks.spawn(connection::serve(stream, service));
            }
            None => refuse(&state, &overflow, stream),
        }
    }
    drop(listener);
    state.tasks.close();
    if tokio::time::timeout(grace, state.tasks.wait()).await.is_err() {
        tracing::warn!(open = state.tasks.len(), "tasks still running after the grace period");
    }
}

/// A place for a connection: one of `http.max_connections`, and one of those of its address. A trusted proxy has
/// connections of many clients, whose requests are counted instead.
fn place(state: &HttpState, room: &Arc<Semaphore>, peer: SocketAddr) -> Option<Place> {
    let http = &state.config.http;
    let permit = room.clone().try_acquire_owned().ok()?;
    let of_address = if address::is_trusted(peer.ip(), &http.trusted_proxies) {
        None
    } else {
        Some(state.addresses.enter(peer.ip(), http.max_connections_per_address)?)
    };
    Some(Place(Arc::new((permit, of_address))))
}

fn refuse(state: &HttpState, overflow: &Overflow, stream: TcpStream) {
    if let Some(answering) = overflow.answer(stream) {
        state.tasks.spawn(answering);
    }
}

/// The place of a connection, which is released when the connection and the WebSocket that it was upgraded to are
/// closed.
#[derive(Clone)]
pub(super) struct Place(
    #[expect(dead_code, reason = "held, not read")] Arc<(OwnedSemaphorePermit, Option<AddressPlace>)>,
);
