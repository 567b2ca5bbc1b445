//! Requests responses of models, and follows them with a client that checks the guarantees of the stream.

use serde_json::{Value, json};

use super::{Client, Reply, Socket};

/// Subscribes to all events of a generation.
pub const GENERATION_EVENTS: &str = "subscription($id: ID!, $after: String) {
    generationEvents(generationId: $id, after: $after) { generationId messageId epoch seq cursor event { __typename
        ... on GenerationSnapshot { status parts { __typename ... on TextPart { id text }
            ... on ReasoningPart { id text } ... on ToolCallPart { id } ... on ToolResultPart { id }
            ... on CitationPart { id } } }
        ... on PartStarted { partId kind }
        ... on TextDelta { partId offset text } ... on ReasoningDelta { partId offset text }
        ... on ToolInputDelta { partId offset text }
        ... on ToolCallReady { partId callId name arguments } ... on ToolResultReady { partId callId result }
        ... on CitationAdded { partId title url quote }
        ... on GenerationCompleted { messageId finishReason usage { inputTokens outputTokens reasoningTokens } }
        ... on GenerationAborted { messageId reason }
        ... on GenerationFailed { messageId error { code message } } } } }";

const SENT: &str = "thread { id title } userMessage { id text status } assistantMessage { id status }
    generation { id status }";

/// The ids of a message and its pending response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub thread: String,
    pub question: String,
    pub answer: String,
    pub generation: String,
}

impl Sent {
    /// Reads the payload of the mutation with this name.
    pub fn of(reply: &Reply, mutation: &str) -> Self {
        let id = |field: &str| reply.text(&format!("/{mutation}/{field}/id"));
        Self {
            thread: id("thread"),
            question: id("userMessage"),
            answer: id("assistantMessage"),
            generation: id("generation"),
        }
    }
}

impl Client {
    /// Sends a message in a new thread.
    pub async fn say(&self, text: &str) -> Sent {
        self.turn("sendMessage", json!({ "text": text })).await
    }

    /// Sends a message at the end of a thread.
    pub async fn say_in(&self, thread: &str, text: &str) -> Sent {
        self.turn("sendMessage", json!({ "threadId": thread, "text": text })).await
    }

    /// Calls `sendMessage`, `regenerateMessage` or `editMessage`.
    pub async fn turn(&self, mutation: &str, input: Value) -> Sent {
        Sent::of(&self.send(&turn_document(mutation), json!({ "input": input })).await, mutation)
    }

    /// As [`Client::turn`], refused with this code.
    pub async fn turn_refused(&self, mutation: &str, input: Value, code: &str) -> Reply {
        self.refused(&turn_document(mutation), json!({ "input": input }), code).await
    }

    /// Waits for the end of a generation.
    pub async fn answered(&self, generation: &str) -> Reply {
        let query =
            "query($id: ID!) { generation(id: $id) { id status model epoch finishReason timeToFirstTokenMs
            finishedAt usage { inputTokens outputTokens cachedInputTokens reasoningTokens cost }
            error { code message } message { id text status usage { outputTokens } } } }";
        self.until(query, json!({ "id": generation }), |reply| !reply.at("/generation/finishedAt").is_null())
            .await
    }

    /// Fetches a message.
    pub async fn message(&self, id: &str) -> Reply {
        let query = "query($id: ID!) { node(id: $id) { ... on Message { id text status role
            parts { __typename ... on TextPart { text } ... on ReasoningPart { text }
              ... on ToolCallPart { name arguments } ... on ToolResultPart { result }
              ... on CitationPart { title url } }
            parent { id } siblings { id } generation { id } } } }";
        self.send(query, json!({ "id": id })).await
    }

    /// Opens a socket that follows a response, after the cursor if there is one.
    pub async fn watch(&self, generation: &str, after: Option<&str>) -> Socket {
        let mut socket = self.socket().await;
        socket.subscribe("1", GENERATION_EVENTS, json!({ "id": generation, "after": after })).await;
        socket
    }
}

fn turn_document(mutation: &str) -> String {
    let name = format!("{}{}", mutation[..1].to_uppercase(), &mutation[1..]);
    format!("mutation($input: {name}Input!) {{ {mutation}(input: $input) {{ {SENT} }} }}")
}

/// The state of a client that follows a response. Missing or duplicate events, wrong offsets and events after the end
/// fail the test.
#[derive(Debug, Default)]
pub struct Follower {
    parts: Vec<Growing>,
    last: Option<(i64, i64)>,
    /// All envelopes, in the order of their arrival.
    pub events: Vec<Value>,
    pub snapshots: usize,
    pub restarts: usize,
    /// The terminal event, once received.
    pub terminal: Option<Value>,
}

#[derive(Debug)]
struct Growing {
    id: String,
    kind: String,
    text: String,
}

impl Follower {
    /// Follows to the end of the subscription.
    pub async fn follow(&mut self, socket: &mut Socket) {
        while let Some(event) = socket.event().await {
            self.take(&event);
        }
    }

    /// Follows until this number of events was received.
    pub async fn follow_until(&mut self, count: usize, socket: &mut Socket) {
        while self.events.len() < count {
            let event = socket.event().await.expect("the answer goes on");
            self.take(&event);
        }
    }

    /// The cursor to continue from.
    pub fn cursor(&self) -> Option<String> {
        Some(self.events.last()?["cursor"].as_str().expect("a cursor").to_owned())
    }

    /// The kinds of the received events, in their order.
    pub fn kinds(&self) -> Vec<&str> {
        self.events.iter().filter_map(|event| event["event"]["__typename"].as_str()).collect()
    }

    /// The first event of a kind.
    pub fn first(&self, kind: &str) -> &Value {
        let found = self.events.iter().map(|event| &event["event"]).find(|event| event["__typename"] == kind);
        found.unwrap_or_else(|| panic!("no {kind}: {:?}", self.kinds()))
    }

    /// The kind of the terminal event.
    pub fn end(&self) -> &str {
        let terminal = self.terminal.as_ref().expect("an end");
        terminal["__typename"].as_str().expect("a kind")
    }

    /// The text, assembled from the deltas.
    pub fn text(&self) -> String {
        self.grown("TEXT")
    }

    /// The assembled texts of the parts of a kind.
    pub fn grown(&self, kind: &str) -> String {
        self.parts.iter().filter(|part| part.kind == kind).map(|part| part.text.as_str()).collect()
    }

    /// Processes the next message of the subscription.
    pub fn take(&mut self, data: &Value) {
        let envelope = &data["generationEvents"];
        let event = &envelope["event"];
        assert!(self.terminal.is_none(), "after the end: {envelope:#}");
        let kind = event["__typename"].as_str().expect("a kind");
        let number = |field: &str| envelope[field].as_i64().expect("a number");
        let place = (number("epoch"), number("seq"));
        let anew = ["GenerationSnapshot", "GenerationRestarted"].contains(&kind);
        match self.last {
            Some(last) if anew => assert!(place > last, "not after {last:?}: {envelope:#}"),
            Some((epoch, seq)) => assert_eq!(place, (epoch, seq + 1), "{envelope:#}"),
            None => assert!(anew || place.1 == 1, "the beginning is missing: {envelope:#}"),
        }
        self.last = Some(place);
        self.apply(kind, event);
        self.events.push(envelope.clone());
    }

    fn apply(&mut self, kind: &str, event: &Value) {
        let text = |field: &str| event[field].as_str().expect("text").to_owned();
        match kind {
            "GenerationSnapshot" => {
                self.snapshots += 1;
                let parts = event["parts"].as_array().expect("parts");
                self.parts = parts.iter().map(Growing::of).collect();
            }
            "GenerationRestarted" => {
                self.restarts += 1;
                self.parts.clear();
            }
            "PartStarted" => {
                self.parts.push(Growing { id: text("partId"), kind: text("kind"), text: String::new() });
            }
            "TextDelta" | "ReasoningDelta" | "ToolInputDelta" => {
                let id = text("partId");
                let part = self.parts.iter_mut().find(|part| part.id == id).expect("a part that was started");
                assert_eq!(event["offset"], part.text.chars().count(), "{event:#}");
                part.text.push_str(&text("text"));
            }
            "GenerationCompleted" | "GenerationAborted" | "GenerationFailed" => {
                self.terminal = Some(event.clone());
            }
            _ => {}
        }
    }
}

impl Growing {
    fn of(part: &Value) -> Self {
        let text = |field: &str| part[field].as_str().unwrap_or_default().to_owned();
        let kind = match part["__typename"].as_str() {
            Some("TextPart") => "TEXT",
            Some("ReasoningPart") => "REASONING",
            _ => "OTHER",
        };
        Self { id: text("id"), kind: kind.to_owned(), text: text("text") }
    }
}
