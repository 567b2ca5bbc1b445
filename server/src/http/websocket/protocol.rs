//! The protocol `graphql-transport-ws` as a state machine without a socket: it takes incoming messages and returns
//! the step to perform.

use std::{collections::HashMap, sync::Arc};

use serde_json::{Map, Value};
use triptych_schema::Request;

use super::message::{self, ClientMessage};

/// Largest reason of a close frame.
const REASON_BYTES: usize = 123;

/// Code and reason of a close frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Close {
    pub(super) code: u16,
    pub(super) reason: String,
}

impl Close {
    pub(super) fn new(code: u16, reason: impl Into<String>) -> Self {
        let mut reason = reason.into();
        reason.truncate(reason.floor_char_boundary(REASON_BYTES));
        Self { code, reason }
    }

    /// The process is shutting down. Clients reconnect.
    pub(super) fn going_away() -> Self {
        Self::new(1001, "Going away")
    }

    pub(super) fn too_large() -> Self {
        Self::new(1009, "Message too large, or not a frame")
    }

    /// A temporary condition, such as a limit that is reached. Clients reconnect.
    pub(super) fn try_again_later(reason: &str) -> Self {
        Self::new(1013, reason)
    }

    pub(super) fn invalid(reason: impl Into<String>) -> Self {
        Self::new(4400, reason)
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(4401, "Unauthorized")
    }

    pub(super) fn forbidden(reason: &str) -> Self {
        Self::new(4403, reason)
    }

    pub(super) fn no_protocol() -> Self {
        Self::new(4406, "Subprotocol not acceptable")
    }

    pub(super) fn init_timeout() -> Self {
        Self::new(4408, "Connection initialisation timeout")
    }

    fn duplicate(id: &str) -> Self {
        Self::new(4409, format!("Subscriber for {} already exists", id.escape_debug()))
    }

    fn second_init() -> Self {
        Self::new(4429, "Too many initialisation requests")
    }

    pub(super) fn internal() -> Self {
        Self::new(4500, "Internal server error")
    }
}

/// Distinguishes successive operations with the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Serial(u64);

/// The reaction to a message.
#[derive(Debug)]
pub(super) enum Step {
    Nothing,
    /// Authenticate the client, then call [`Protocol::acknowledge`].
    Authenticate(Map<String, Value>),
    Send(String),
    Start {
        serial: Serial,
        id: Arc<str>,
        request: Box<Request>,
    },
    Stop(Serial),
    Close(Close),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Opened,
    Initialising,
    Acknowledged,
}

/// The protocol state of one connection.
#[derive(Debug)]
pub(super) struct Protocol {
    phase: Phase,
    open: HashMap<Arc<str>, Serial>,
    started: u64,
}

impl Protocol {
    pub(super) fn new() -> Self {
        Self { phase: Phase::Opened, open: HashMap::new(), started: 0 }
    }

    /// Whether `connection_init` was received.
    pub(super) fn has_begun(&self) -> bool {
        self.phase != Phase::Opened
    }

    /// Number of operations that have not ended.
    pub(super) fn open(&self) -> usize {
        self.open.len()
    }

    /// Completes the initialisation, and returns `connection_ack`.
    pub(super) fn acknowledge(&mut self) -> &'static str {
        self.phase = Phase::Acknowledged;
        message::ACK
    }

    /// Handles a text frame.
    pub(super) fn receive(&mut self, text: &str) -> Step {
        match ClientMessage::parse(text) {
            Ok(message) => self.take(message),
            Err(reason) => Step::Close(Close::invalid(reason)),
        }
    }

    fn take(&mut self, message: ClientMessage) -> Step {
        match message {
            ClientMessage::Init { payload } if self.phase == Phase::Opened => {
                self.phase = Phase::Initialising;
                Step::Authenticate(payload)
            }
            ClientMessage::Init { .. } => Step::Close(Close::second_init()),
            ClientMessage::Ping { payload } => Step::Send(message::pong(payload.as_ref())),
            ClientMessage::Pong => Step::Nothing,
            ClientMessage::Subscribe { .. } if self.phase != Phase::Acknowledged => {
                Step::Close(Close::unauthorized())
            }
            ClientMessage::Subscribe { id, .. } if self.open.contains_key(id.as_str()) => {
                Step::Close(Close::duplicate(&id))
            }
            ClientMessage::Subscribe { id, request } => {
                let (id, serial): (Arc<str>, _) = (id.into(), Serial(self.started));
                self.started += 1;
                self.open.insert(id.clone(), serial);
                Step::Start { serial, id, request }
            }
            // The operation may have ended while this message was on its way.
            ClientMessage::Complete { id } => self.open.remove(id.as_str()).map_or(Step::Nothing, Step::Stop),
        }
    }

    /// Whether a message of an operation can still be sent. Its last message frees the id.
    pub(super) fn admit(&mut self, id: &str, serial: Serial, last: bool) -> bool {
        let admitted = self.open.get(id) == Some(&serial);
        if admitted && last {
            self.open.remove(id);
        }
        admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBSCRIBE: &str = r#"{"type":"subscribe","id":"1","payload":{"query":"{ a }"}}"#;

    fn acknowledged() -> Protocol {
        let mut protocol = Protocol::new();
        assert!(matches!(protocol.receive(r#"{"type":"connection_init"}"#), Step::Authenticate(_)));
        protocol.acknowledge();
        protocol
    }

    #[track_caller]
    fn start(protocol: &mut Protocol) -> Serial {
        match protocol.receive(SUBSCRIBE) {
            Step::Start { serial, .. } => serial,
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn assert_closes(step: &Step, code: u16) {
        assert!(matches!(step, Step::Close(close) if close.code == code), "{step:?}");
    }

    #[test]
    fn nothing_is_subscribed_before_the_acknowledgement() {
        assert_closes(&Protocol::new().receive(SUBSCRIBE), 4401);
        let mut protocol = Protocol::new();
        protocol.receive(r#"{"type":"connection_init"}"#);
        assert_closes(&protocol.receive(SUBSCRIBE), 4401);
    }

    #[test]
    fn a_second_init_closes_the_connection() {
        assert_closes(&acknowledged().receive(r#"{"type":"connection_init"}"#), 4429);
    }

    #[test]
    fn pings_are_answered_at_any_time_with_their_payload() {
        let mut protocol = Protocol::new();
        let Step::Send(pong) = protocol.receive(r#"{"type":"ping","payload":{"at":42}}"#) else { panic!() };
        assert_eq!(pong, r#"{"type":"pong","payload":{"at":42}}"#);
        assert!(matches!(protocol.receive(r#"{"type":"pong"}"#), Step::Nothing));
    }

    #[test]
    fn an_id_can_be_reused_after_its_last_message() {
        let mut protocol = acknowledged();
        let first = start(&mut protocol);
        assert_closes(&protocol.receive(SUBSCRIBE), 4409);
        assert!(protocol.admit("1", first, false));
        assert!(protocol.admit("1", first, true));
        assert!(!protocol.admit("1", first, true));
        start(&mut protocol);
    }

    #[test]
    fn nothing_is_sent_after_the_client_completes() {
        let mut protocol = acknowledged();
        let first = start(&mut protocol);
        let step = protocol.receive(r#"{"type":"complete","id":"1"}"#);
        assert!(matches!(step, Step::Stop(serial) if serial == first));
        assert!(!protocol.admit("1", first, false));
        // With the same id again, messages of the first operation are not sent.
        let second = start(&mut protocol);
        assert!(!protocol.admit("1", first, true));
        assert!(protocol.admit("1", second, false));
        assert!(matches!(protocol.receive(r#"{"type":"complete","id":"other"}"#), Step::Nothing));
    }

    #[test]
    fn invalid_messages_close_with_a_reason_that_fits_a_frame() {
        let long = format!(r#"{{"type":"{}"}}"#, "ü".repeat(500));
        let Step::Close(close) = acknowledged().receive(&long) else { panic!() };
        assert_eq!(close.code, 4400);
        assert!(close.reason.len() <= REASON_BYTES && close.reason.contains("unknown type"));
    }
}
