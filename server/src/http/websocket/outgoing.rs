//! The queue of messages from operations to the socket.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::protocol::Serial;

/// Messages that the queue holds. An operation waits while it is full.
const CAPACITY: usize = 256;
/// KiB of the messages that the queue holds. A larger message waits until the queue is empty.
const ROOM: u32 = 4 << 10;

/// One message of an operation.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) id: Arc<str>,
    pub(super) serial: Serial,
    /// Whether it is the last message of the operation.
    pub(super) last: bool,
    pub(super) text: String,
}

/// A message in the queue, and the room that it takes until it is written.
pub(super) type Queued = (Outgoing, OwnedSemaphorePermit);
pub(super) type Receiver = mpsc::Receiver<Queued>;

/// The end of the queue that operations have.
#[derive(Debug, Clone)]
pub(super) struct Sender {
    messages: mpsc::Sender<Queued>,
    room: Arc<Semaphore>,
}

/// The connection is closed.
#[derive(Debug)]
pub(super) struct Gone;

impl Sender {
    /// Waits while the queue is full: a client that reads slowly slows down its own operations.
    pub(super) async fn send(&self, message: Outgoing) -> Result<(), Gone> {
        let kib = u32::try_from(message.text.len() / 1024).unwrap_or(ROOM).saturating_add(1).min(ROOM);
        let room = self.room.clone().acquire_many_owned(kib).await.map_err(|_| Gone)?;
        self.messages.send((message, room)).await.map_err(|_| Gone)
    }
}

pub(super) fn queue() -> (Sender, Receiver) {
    let (messages, receiver) = mpsc::channel(CAPACITY);
    let room = usize::try_from(ROOM).unwrap_or(usize::MAX);
    (Sender { messages, room: Arc::new(Semaphore::new(room)) }, receiver)
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::{super::protocol::Protocol, *};
    use crate::http::websocket::protocol::Step;

    fn message(bytes: usize) -> Outgoing {
        let mut protocol = Protocol::new();
        protocol.receive(r#"{"type":"connection_init"}"#);
        protocol.acknowledge();
        let subscribe = r#"{"type":"subscribe","id":"1","payload":{"query":"{ a }"}}"#;
        let Step::Start { serial, id, .. } = protocol.receive(subscribe) else { panic!() };
        Outgoing { id, serial, last: false, text: "x".repeat(bytes) }
    }

    #[tokio::test]
    async fn the_bytes_in_the_queue_are_limited() {
        let (sender, mut receiver) = queue();
        for _ in 0..3 {
            sender.send(message(1 << 20)).await.unwrap();
        }
        assert!(sender.send(message(2 << 20)).now_or_never().is_none());
        drop(receiver.recv().await);
        drop(receiver.recv().await);
        sender.send(message(2 << 20)).await.unwrap();
        drop((receiver.recv().await, receiver.recv().await));
        // A message that is larger than the room is sent when the queue is empty.
        sender.send(message(9 << 20)).await.unwrap();
        assert!(sender.send(message(0)).now_or_never().is_none());
    }
}
