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

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use axum::{
    extract::WebSocketUpgrade,
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse as _, Response},
};

use triptych_services::error::Code;

pub(super) use usage::Usage;

use super::{
    HttpState,
    addresses::AddressPlace,
    authentication::{self, Credential},
    refusal::Refusal,
    serve::Place,
};
use connection::Connection;

const PROTOCOL: &str = "graphql-transport-ws";
/// Bytes of each of the two buffers. There are many idle connections, and frames are small.
const BUFFER: usize = 4096;

/// Answers a handshake. Pages of other origins were refused before.
pub(super) fn accept(state: HttpState, upgrade: WebSocketUpgrade, parts: &Parts) -> Response {
    let limit = state.config.http.body_limit;
    let upgrade = upgrade
        .protocols([PROTOCOL])
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_message_size(limit)
        .max_frame_size(limit);
    let agreed = upgrade.selected_protocol().is_some();
    let client = authentication::client(&state, parts);
    let credential = Credential::of(&parts.headers, &client);
    let places =
        (parts.extensions.get::<Place>().cloned(), parts.extensions.get::<Arc<AddressPlace>>().cloned());
    let address = client.origin.address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let limit = state.config.http.anonymous_sockets_per_address;
    let Some(anonymous) = state.anonymous.enter(address, limit) else {
        return too_many().into_response();
    };
    upgrade.on_upgrade(move |socket| {
        let tasks = state.tasks.clone();
        let connection = Connection::new(state, client, credential, Some(anonymous));
        // Boxed, as the future would hold the socket several times.
        let mut socket = Box::new(socket);
        tasks.track_future(async move {
            connection.serve(&mut socket, agreed).await;
            drop(places);
        })
    })
}

/// 503: the sockets of an address that have not authenticated are limited.
fn too_many() -> Refusal {
    let message = "there are too many WebSockets of this address without a session; try again";
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, Code::RateLimited, message)
        .with(header::RETRY_AFTER, HeaderValue::from_static("5"))
}
