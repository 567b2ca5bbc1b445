//! A WebSocket client of `graphql-transport-ws`.

use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest as _, http::HeaderValue},
};

use super::clock::PATIENCE;

/// An open socket after the handshake.
pub struct Socket {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Socket {
    pub async fn open(url: &str, token: Option<&str>) -> Self {
        Self::try_open(url, token).await.expect("the socket opens")
    }

    /// `None` if the server refuses the handshake or closes the connection.
    pub async fn try_open(url: &str, token: Option<&str>) -> Option<Self> {
        let url = format!("{}/graphql", url.replacen("http", "ws", 1));
        let mut request = url.into_client_request().expect("a URL");
        let protocol = HeaderValue::from_static("graphql-transport-ws");
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        let (socket, _) = tokio_tungstenite::connect_async(request).await.ok()?;
        let mut socket = Self { socket };
        let payload = token.map(|token| json!({ "authorization": format!("Bearer {token}") }));
        let init = json!({ "type": "connection_init", "payload": payload });
        socket.socket.send(Message::text(init.to_string())).await.ok()?;
        let first = tokio::time::timeout(PATIENCE, socket.socket.next()).await.expect("a message in time");
        let Message::Text(text) = first?.ok()? else { return None };
        let message: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(message["type"], "connection_ack");
        Some(socket)
    }

    /// `None` if the connection is lost.
    pub async fn try_subscribe(&mut self, id: &str, query: &str, variables: Value) -> Option<()> {
        let payload = json!({ "query": query, "variables": variables });
        let message = json!({ "id": id, "type": "subscribe", "payload": payload });
        self.socket.send(Message::text(message.to_string())).await.ok()
    }

    /// The next message that is not a ping; `None` if the connection is lost. Pings are answered by reading.
    pub async fn try_read(&mut self) -> Option<Value> {
        loop {
            let Message::Text(text) = self.socket.next().await?.ok()? else { continue };
            let message: Value = serde_json::from_str(&text).ok()?;
            if message["type"] != "ping" && message["type"] != "pong" {
                return Some(message);
            }
        }
    }

    pub async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.write(json!({ "id": id, "type": "subscribe", "payload": payload })).await;
    }

    pub async fn write(&mut self, message: Value) {
        self.socket.send(Message::text(message.to_string())).await.expect("the socket takes it");
    }

    /// The next message that is not a ping.
    pub async fn read(&mut self) -> Value {
        loop {
            let message =
                tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("a message in time");
            match message.expect("an open socket").expect("a message") {
                Message::Text(text) => {
                    let message: Value = serde_json::from_str(&text).expect("JSON");
                    if message["type"] != "ping" && message["type"] != "pong" {
                        return message;
                    }
                }
                Message::Close(frame) => panic!("the server closed: {frame:?}"),
                _ => {}
            }
        }
    }

    /// The next event of the only subscription; `None` at its end.
    pub async fn event(&mut self) -> Option<Value> {
        let message = self.read().await;
        match message["type"].as_str() {
            Some("next") => {
                assert!(message["payload"].get("errors").is_none(), "{message:#}");
                Some(message["payload"]["data"].clone())
            }
            Some("complete") => None,
            _ => panic!("unexpected: {message:#}"),
        }
    }

    /// All events up to the end.
    pub async fn events(&mut self) -> Vec<Value> {
        let mut events = Vec::new();
        while let Some(event) = self.event().await {
            events.push(event);
        }
        events
    }

    /// The error code of the only subscription, which ends it.
    pub async fn refusal(&mut self) -> String {
        let message = self.read().await;
        let code = &message["payload"]["errors"][0]["extensions"]["code"];
        let code = code.as_str().unwrap_or_else(|| panic!("not refused: {message:#}")).to_owned();
        assert_eq!(self.read().await["type"], "complete");
        code
    }

    /// The code with which the server closes the connection. What comes before is discarded.
    pub async fn closed(&mut self) -> u16 {
        loop {
            let message =
                tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("a close frame in time");
            if let Message::Close(frame) = message.expect("a close frame").expect("a message") {
                return frame.expect("a code").code.into();
            }
        }
    }

    /// Closes the connection without a closing handshake.
    pub fn cut(self) {
        drop(self.socket);
    }
}
