//! Messages on their way from operations to the socket.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::protocol::Serial;

/// Messages that may wait for the socket. An operation whose messages do not fit waits too.
const WAITING: usize = 256;

/// One message of an operation.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) id: Arc<str>,
    pub(super) serial: Serial,
    /// Nothing follows.
    pub(super) last: bool,
    pub(super) text: String,
}

pub(super) type Sender = mpsc::Sender<Outgoing>;
pub(super) type Receiver = mpsc::Receiver<Outgoing>;

pub(super) fn queue() -> (Sender, Receiver) {
    mpsc::channel(WAITING)
}
