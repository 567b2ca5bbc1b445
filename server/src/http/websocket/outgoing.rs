//! The queue of messages from operations to the socket.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::protocol::Serial;

/// Capacity of the queue. An operation waits while it is full.
const CAPACITY: usize = 256;

/// One message of an operation.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) id: Arc<str>,
    pub(super) serial: Serial,
    /// Whether it is the last message of the operation.
    pub(super) last: bool,
    pub(super) text: String,
}

pub(super) type Sender = mpsc::Sender<Outgoing>;
pub(super) type Receiver = mpsc::Receiver<Outgoing>;

pub(super) fn queue() -> (Sender, Receiver) {
    mpsc::channel(CAPACITY)
}
