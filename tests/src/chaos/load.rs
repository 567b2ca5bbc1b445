//! What clients do during the trial. They repeat what fails, as real ones do.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use crate::harness::{Client, Follower, GENERATION_EVENTS, Reply, Sent, Socket, attempts};

/// Time limit of one request, and of the silence of a subscription.
const REQUEST_LIMIT: Duration = Duration::from_secs(10);
const SILENCE_LIMIT: Duration = Duration::from_secs(30);
/// Time limit of one repetition after another.
const PATIENCE: Duration = Duration::from_mins(4);
/// Pause of a client before it repeats what failed.
const PAUSE: Duration = Duration::from_millis(500);

/// A client of two servers, of which either may be away.
#[derive(Clone)]
pub(super) struct Clients {
    servers: [Client; 2],
    next: Arc<AtomicUsize>,
    /// Requests and connections that failed.
    pub(super) failures: Arc<AtomicUsize>,
}

/// The calls of a webhook.
#[derive(Default)]
pub(super) struct Calls {
    /// The numbers of the calls that were accepted.
    pub(super) accepted: Vec<String>,
    /// Those whose answer is unknown, so that they may be accepted, too.
    pub(super) unknown: Vec<String>,
}

/// A response that was followed to its end.
pub(super) struct Answered {
    pub(super) sent: Sent,
    pub(super) words: usize,
    pub(super) follower: Follower,
}

impl Clients {
    pub(super) fn new(client: &Client, urls: &[String; 2]) -> Self {
        let servers = [client.moved_to(&urls[0]), client.moved_to(&urls[1])];
        Self { servers, next: Arc::default(), failures: Arc::default() }
    }

    /// One of the servers, in turn.
    fn any(&self) -> &Client {
        &self.servers[self.next.fetch_add(1, Ordering::Relaxed) % 2]
    }

    fn failed(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    /// A WebSocket of one of the servers, which must be reachable.
    pub(super) async fn socket(&self) -> Socket {
        self.any().socket().await
    }

    /// Sends an operation, which is safe to repeat, until it succeeds, or fails with a code that a repetition cannot change.
    pub(super) async fn repeat(&self, query: &str, variables: Value) -> Reply {
        let mut attempts = attempts(PATIENCE);
        while attempts.next().await {
            let client = self.any();
            if let Ok(Some(reply)) = timeout(REQUEST_LIMIT, client.try_ask(query, variables.clone())).await
                && !(reply.0.get("errors").is_some() && is_passing(&reply))
            {
                return reply;
            }
            self.failed();
            tokio::time::sleep(PAUSE).await;
        }
        panic!("no answer in time: {query}")
    }

    /// Calls a webhook until a call is accepted, each with a number of its own; or until the flow is deleted.
    pub(super) async fn call(&self, path: &str, number: usize) -> Calls {
        let (mut calls, mut attempts) = (Calls::default(), attempts(PATIENCE));
        for attempt in 0.. {
            assert!(attempts.next().await, "webhook {number} was not accepted in time");
            let client = self.any();
            let id = format!("{number}-{attempt}");
            let call = client.http().post(format!("{}{path}", client.url)).json(&json!({ "id": id }));
            match timeout(REQUEST_LIMIT, call.send()).await.map(|answer| answer.map(|answer| answer.status()))
            {
                Ok(Ok(status)) if status == 202 => {
                    calls.accepted.push(id);
                    break;
                }
                Ok(Ok(status)) if status == 404 => break,
                _ => calls.unknown.push(id),
            }
            self.failed();
            tokio::time::sleep(PAUSE).await;
        }
        calls
    }

    /// Asks for a response and follows it to its end, however often the connection is lost.
    pub(super) async fn converse(&self, number: usize, words: usize) -> Answered {
        let mutation = "mutation($input: SendMessageInput!) { sendMessage(input: $input) {
            thread { id } userMessage { id } assistantMessage { id } generation { id } } }";
        let input = json!({ "text": format!("{words} words"), "clientId": format!("chaos-{number}") });
        let reply = self.repeat(mutation, json!({ "input": input })).await;
        assert!(reply.0.get("errors").is_none(), "{:#}", reply.0);
        let sent = Sent::of(&reply, "sendMessage");
        let mut follower = Follower::default();
        self.to_the_end(&sent.generation, &mut follower).await;
        Answered { sent, words, follower }
    }

    /// Follows a response to its end.
    pub(super) async fn to_the_end(&self, generation: &str, follower: &mut Follower) {
        let deadline = Instant::now() + PATIENCE;
        while follower.terminal.is_none() {
            assert!(Instant::now() < deadline, "{generation} did not end: {:?}", follower.kinds());
            self.follow(generation, follower).await;
            if follower.terminal.is_none() {
                self.failed();
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// Follows a response until its end or the loss of the connection.
    async fn follow(&self, generation: &str, follower: &mut Follower) {
        let client = self.any();
        let open = Socket::try_open(&client.url, client.token.as_deref());
        let Ok(Some(mut socket)) = timeout(REQUEST_LIMIT, open).await else { return };
        let variables = json!({ "id": generation, "after": follower.cursor() });
        if socket.try_subscribe("1", GENERATION_EVENTS, variables).await.is_none() {
            return;
        }
        while let Ok(Some(message)) = timeout(SILENCE_LIMIT, socket.try_read()).await {
            let data = &message["payload"]["data"];
            if message["type"] != "next" || data.is_null() {
                return;
            }
            follower.take(data);
        }
    }
}

/// Whether the same request may succeed later.
fn is_passing(reply: &Reply) -> bool {
    ["UNAVAILABLE", "RATE_LIMITED"].contains(&reply.code().as_str())
}
