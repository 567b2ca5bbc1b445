//! The messages of `graphql-transport-ws` as JSON.

use serde::Deserialize;
use serde_json::{Map, Value};
use triptych_schema::Request;

/// A message of a client.
#[derive(Debug)]
pub(super) enum ClientMessage {
    Init { payload: Map<String, Value> },
    Ping { payload: Option<Value> },
    Pong,
    Subscribe { id: String, request: Box<Request> },
    Complete { id: String },
}

#[derive(Deserialize)]
struct Raw {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    payload: Option<Value>,
}

impl ClientMessage {
    /// Parses a text frame.
    ///
    /// # Errors
    /// The reason why it is no message of the protocol.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let raw: Raw = serde_json::from_str(text).map_err(|error| format!("Invalid message: {error}"))?;
        match raw.kind.as_str() {
            "connection_init" => Ok(Self::Init { payload: object(raw.payload)?.unwrap_or_default() }),
            "ping" => Ok(Self::Ping { payload: object(raw.payload)?.map(Value::Object) }),
            "pong" => object(raw.payload).map(|_| Self::Pong),
            "subscribe" => {
                let payload = raw.payload.ok_or("Invalid message: subscribe without payload")?;
                let request: Request = serde_json::from_value(payload)
                    .map_err(|error| format!("Invalid message: payload: {error}"))?;
                Ok(Self::Subscribe { id: named(raw.id)?, request: Box::new(request) })
            }
            "complete" => Ok(Self::Complete { id: named(raw.id)? }),
            other => Err(format!("Invalid message: unknown type `{}`", other.escape_debug())),
        }
    }
}

fn object(payload: Option<Value>) -> Result<Option<Map<String, Value>>, String> {
    match payload {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(map)) => Ok(Some(map)),
        Some(_) => Err("Invalid message: the payload is not an object".to_owned()),
    }
}

fn named(id: Option<String>) -> Result<String, String> {
    id.filter(|id| !id.is_empty()).ok_or_else(|| "Invalid message: no id".to_owned())
}

pub(super) const ACK: &str = r#"{"type":"connection_ack"}"#;

pub(super) fn pong(payload: Option<&Value>) -> String {
    match payload {
        Some(payload) => format!(r#"{{"type":"pong","payload":{payload}}}"#),
        None => r#"{"type":"pong"}"#.to_owned(),
    }
}

/// The id of an operation as JSON, encoded once for all of its messages.
#[derive(Debug, Clone)]
pub(super) struct WireId(String);

impl WireId {
    pub(super) fn new(id: &str) -> Self {
        Self(Value::from(id).to_string())
    }

    /// One answer; `body` is JSON.
    pub(super) fn next(&self, body: &str) -> String {
        self.with_payload(r#"{"type":"next","id":"#, body)
    }

    /// The operation was refused; `errors` is a JSON list. The last message.
    pub(super) fn error(&self, errors: &str) -> String {
        self.with_payload(r#"{"type":"error","id":"#, errors)
    }

    /// The last message.
    pub(super) fn complete(&self) -> String {
        format!(r#"{{"type":"complete","id":{}}}"#, self.0)
    }

    fn with_payload(&self, head: &str, payload: &str) -> String {
        const PAYLOAD: &str = r#","payload":"#;
        let mut text = String::with_capacity(head.len() + self.0.len() + PAYLOAD.len() + payload.len() + 1);
        for part in [head, &self.0, PAYLOAD, payload, "}"] {
            text.push_str(part);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_written_as_json() {
        let id = WireId::new("a\"b");
        for text in [id.next(r#"{"data":1}"#), id.error("[]"), id.complete(), pong(None), ACK.to_owned()] {
            let value: Value = serde_json::from_str(&text).unwrap();
            assert!(value["type"].is_string(), "{text}");
        }
        assert_eq!(id.next("{}"), r#"{"type":"next","id":"a\"b","payload":{}}"#);
    }

    #[test]
    fn invalid_messages_are_refused() {
        for text in [
            "hello",
            "[]",
            "{}",
            r#"{"type":"greet"}"#,
            r#"{"type":"subscribe","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","id":"1","payload":{}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{a}","variables":[]}}"#,
            r#"{"type":"complete"}"#,
            r#"{"type":"ping","payload":1}"#,
            r#"{"type":"connection_init","payload":[]}"#,
        ] {
            assert!(ClientMessage::parse(text).is_err(), "{text}");
        }
    }
}
