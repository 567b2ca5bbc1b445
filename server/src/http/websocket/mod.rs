//! GraphQL over WebSocket: the sub-protocol `graphql-transport-ws`.
//!
//! [`protocol`] is the state machine, without a socket. [`connection`] moves frames, [`operation`] executes each
//! operation in a task of its own, [`watch`] closes a connection when its session ends, [`usage`] counts connections
//! and subscriptions of each user.

mod connection;
mod credential;
mod message;
mod operation;
mod outgoing;
mod protocol;
mod usage;
mod watch;

use axum::{
    extract::WebSocketUpgrade,
    http::request::Parts,
    response::{IntoResponse as _, Response},
};

pub(super) use usage::Usage;

use super::{
    HttpState,
    authentication::{self, Credential},
    origin,
    serve::Place,
};
use connection::Connection;

const PROTOCOL: &str = "graphql-transport-ws";
/// Bytes of each of the two buffers. There are many idle connections, and frames are small.
const BUFFER: usize = 4096;

/// Answers a handshake.
pub(super) fn accept(state: HttpState, upgrade: WebSocketUpgrade, parts: &Parts) -> Response {
    let credential = Credential::of(&parts.headers);
    if matches!(credential, Some(Credential::Cookie(_))) && !origin::is_same_origin(&parts.headers) {
        return authentication::foreign_page().into_response();
    }
    let limit = state.config.http.body_limit;
    let upgrade = upgrade
        .protocols([PROTOCOL])
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_message_size(limit)
        .max_frame_size(limit);
    let agreed = upgrade.selected_protocol().is_some();
    let client = authentication::client(&state, parts);
    let place = parts.extensions.get::<Place>().cloned();
    upgrade.on_upgrade(move |socket| {
        let tasks = state.tasks.clone();
        let connection = Connection::new(state, client, credential);
        // Boxed, as the future would hold the socket several times.
        let mut socket = Box::new(socket);
        tasks.track_future(async move {
            connection.serve(&mut socket, agreed).await;
            drop(place);
        })
    })
}
