//! One WebSocket connection: incoming frames, outgoing frames, and closing.

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures::{FutureExt as _, SinkExt as _, StreamExt as _, future::BoxFuture, stream, stream::BoxStream};
use serde_json::{Map, Value};
use tokio::{
    sync::Semaphore,
    task::AbortHandle,
    time::{Instant, Interval, MissedTickBehavior, timeout},
};
use triptych_schema::Client;
use triptych_services::{
    access::{Actor, Origin},
    error::Code,
};

use super::{
    credential,
    operation::{Operation, Shared},
    outgoing::{self, Queued},
    protocol::{Close, Protocol, Serial, Step},
    watch::{self, Change},
};
use crate::http::{
    HttpState,
    addresses::AddressPlace,
    authentication::{self, Credential},
    metrics,
};

/// Time limit of receiving `connection_init`.
const INIT_TIMEOUT: Duration = Duration::from_secs(3);
/// Interval of pings.
const PING_EVERY: Duration = Duration::from_secs(20);
/// Number of unanswered pings after which the connection is dropped.
const MISSED_PINGS: u32 = 2;
/// Time limit of the peer's answer to a close frame.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// Messages written before other events are handled.
const BURST: usize = 64;
/// Limit of open operations of one connection.
const OPEN_OPERATIONS: usize = 1_000;
/// Queries and mutations of one connection that are executed at the same time.
const EXECUTING: usize = 16;
/// KiB of the requests of one connection that wait to be executed.
const WAITING: usize = 4 << 10;

/// The result of authenticating a connection; `None` for an anonymous client.
type Authenticated = Result<Option<(Arc<Actor>, Credential)>, Close>;

/// Which side ends a connection.
enum End {
    /// This server, with this close frame.
    Ours(Close),
    /// The peer closed it, or is not reachable.
    Theirs,
}

/// The state of a connection, without its socket and its event sources.
pub(super) struct Connection {
    state: HttpState,
    client: Client,
    handshake: Option<Credential>,
    /// The place of a connection that has not authenticated.
    anonymous: Option<AddressPlace>,
    protocol: Protocol,
    /// Permits for the requests that wait.
    waiting: Arc<Semaphore>,
    /// `Some` after the acknowledgement.
    shared: Option<Arc<Shared>>,
    actor: Option<Arc<Actor>>,
    running: HashMap<Serial, AbortHandle>,
    unanswered_pings: u32,
}

/// The event sources of a connection besides its socket.
struct Sources {
    outgoing: outgoing::Receiver,
    sender: outgoing::Sender,
    authenticated: BoxFuture<'static, Authenticated>,
    changes: BoxStream<'static, Change>,
    pings: Interval,
    init_deadline: Instant,
}

impl Connection {
    pub(super) fn new(
        state: HttpState,
        client: Client,
        handshake: Option<Credential>,
        anonymous: Option<AddressPlace>,
    ) -> Self {
        let waiting = Arc::new(Semaphore::new(WAITING.max(state.config.http.body_limit / 1024 + 1)));
        Self {
            state,
            client,
            handshake,
            anonymous,
            protocol: Protocol::new(),
            waiting,
            shared: None,
            actor: None,
            running: HashMap::new(),
            unanswered_pings: 0,
        }
    }

    /// Serves until either side closes the connection.
    pub(super) async fn serve(mut self, socket: &mut WebSocket, agreed: bool) {
        let _counted = metrics::Open::connection();
        let end = if agreed { self.exchange(socket).await } else { End::Ours(Close::no_protocol()) };
        for (_, task) in self.running.drain() {
            task.abort();
        }
        match end {
            End::Ours(close) => close_socket(socket, close).await,
            // Flushing sends the answer to the peer's close frame.
            End::Theirs => drop(timeout(CLOSE_TIMEOUT, socket.flush()).await),
        }
    }

    async fn exchange(&mut self, socket: &mut WebSocket) -> End {
        let (sender, outgoing) = outgoing::queue();
        let mut pings = tokio::time::interval_at(Instant::now() + PING_EVERY, PING_EVERY);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut sources = Sources {
            outgoing,
            sender,
            authenticated: futures::future::pending().boxed(),
            changes: stream::pending().boxed(),
            pings,
            init_deadline: Instant::now() + INIT_TIMEOUT,
        };
        let drain = self.state.drain.clone();
        let mut burst: Vec<Queued> = Vec::new();
        loop {
            let waiting_for_init = !self.protocol.has_begun();
            let done = tokio::select! {
                () = drain.cancelled() => Err(End::Ours(Close::going_away())),
                frame = socket.recv() => self.receive(socket, &mut sources, frame).await,
                _ = sources.outgoing.recv_many(&mut burst, BURST) => self.send(socket, &mut burst).await,
                authenticated = &mut sources.authenticated => {
                    sources.authenticated = futures::future::pending().boxed();
                    self.acknowledge(socket, &mut sources, authenticated).await
                }
                Some(change) = sources.changes.next() => self.apply(change),
                _ = sources.pings.tick() => self.ping(socket).await,
                () = tokio::time::sleep_until(sources.init_deadline), if waiting_for_init => {
                    Err(End::Ours(Close::init_timeout()))
                }
            };
            if let Err(end) = done {
                return end;
            }
        }
    }

    async fn receive(
        &mut self,
        socket: &mut WebSocket,
        sources: &mut Sources,
        frame: Option<Result<Message, axum::Error>>,
    ) -> Result<(), End> {
        self.unanswered_pings = 0;
        let mut kib = 1;
        let step = match frame {
            None | Some(Ok(Message::Close(_))) => return Err(End::Theirs),
            Some(Err(error)) => {
                tracing::debug!(%error, "WebSocket failed");
                return Err(End::Ours(Close::too_large()));
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => return Ok(()),
            Some(Ok(Message::Binary(_))) => Step::Close(Close::invalid("Invalid message: not text")),
            Some(Ok(Message::Text(text))) => {
                kib += u32::try_from(text.len() / 1024).unwrap_or(u32::MAX - 1);
                match self.state.api.check_json(text.as_bytes()) {
                    Ok(()) => self.protocol.receive(&text),
                    Err(_) => Step::Close(Close::invalid("The message has too many values")),
                }
            }
        };
        match step {
            Step::Nothing => Ok(()),
            Step::Close(close) => Err(End::Ours(close)),
            Step::Send(text) => self.write(socket, Message::text(text)).await,
            Step::Authenticate(payload) => {
                sources.authenticated = authenticate(
                    self.state.clone(),
                    &payload,
                    self.handshake.take(),
                    self.client.origin.clone(),
                );
                Ok(())
            }
            Step::Stop(serial) => {
                if let Some(task) = self.running.remove(&serial) {
                    task.abort();
                }
                Ok(())
            }
            Step::Start { serial, id, request } => {
                let waiting = self.waiting.clone().try_acquire_many_owned(kib).ok();
                let Some(waiting) = waiting.filter(|_| self.protocol.open() <= OPEN_OPERATIONS) else {
                    return Err(End::Ours(Close::try_again_later("Too many operations")));
                };
                // Always `Some`: the protocol refuses `subscribe` before the acknowledgement.
                let Some(shared) = self.shared.clone() else { return Err(End::Ours(Close::internal())) };
                let tasks = shared.state.tasks.clone();
                let actor = self.actor.clone();
                let outgoing = sources.sender.clone();
                let operation = Operation { shared, actor, id, serial, outgoing, waiting };
                let task = tasks.spawn(operation.run(request));
                self.running.insert(serial, task.abort_handle());
                Ok(())
            }
        }
    }

    /// Writes a batch of messages, and flushes once.
    async fn send(&mut self, socket: &mut WebSocket, burst: &mut Vec<Queued>) -> Result<(), End> {
        let limit = self.state.config.http.write_timeout();
        let writing = async {
            for (message, _room) in burst.drain(..) {
                if !self.protocol.admit(&message.id, message.serial, message.last) {
                    continue;
                }
                if message.last {
                    self.running.remove(&message.serial);
                }
                socket.feed(Message::text(message.text)).await?;
            }
            socket.flush().await
        };
        match timeout(limit, writing).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Theirs),
        }
    }

    async fn acknowledge(
        &mut self,
        socket: &mut WebSocket,
        sources: &mut Sources,
        authenticated: Authenticated,
    ) -> Result<(), End> {
        let limits = &self.state.config.limits;
        let mut place = None;
        if let Some((actor, credential)) = authenticated.map_err(End::Ours)? {
            place = self.state.usage.connect(actor.user, limits.connections_per_user);
            if place.is_none() {
                return Err(End::Ours(Close::try_again_later("Too many connections of this user")));
            }
            sources.changes = watch::over(self.state.clone(), &actor, credential.into_token());
            self.actor = Some(actor);
            self.anonymous = None;
        }
        self.shared = Some(Arc::new(Shared {
            state: self.state.clone(),
            client: self.client.clone(),
            place,
            subscriptions: Arc::new(Semaphore::new(limits.subscriptions_per_connection)),
            executing: Semaphore::new(EXECUTING),
        }));
        let acknowledgement = self.protocol.acknowledge();
        self.write(socket, Message::text(acknowledgement)).await
    }

    fn apply(&mut self, change: Change) -> Result<(), End> {
        match change {
            Change::Renewed(actor) => {
                self.actor = Some(actor);
                Ok(())
            }
            Change::Ended => Err(End::Ours(Close::forbidden("Session ended"))),
        }
    }

    async fn ping(&mut self, socket: &mut WebSocket) -> Result<(), End> {
        if self.unanswered_pings >= MISSED_PINGS {
            return Err(End::Theirs);
        }
        self.unanswered_pings += 1;
        self.write(socket, Message::Ping(axum::body::Bytes::new())).await
    }

    async fn write(&self, socket: &mut WebSocket, message: Message) -> Result<(), End> {
        match timeout(self.state.config.http.write_timeout(), socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Theirs),
        }
    }
}

/// Authenticates a client.
fn authenticate(
    state: HttpState,
    payload: &Map<String, Value>,
    handshake: Option<Credential>,
    origin: Origin,
) -> BoxFuture<'static, Authenticated> {
    let chosen = credential::choose(payload, handshake);
    async move {
        let Ok(credential) = chosen else { return Err(Close::forbidden("Not a bearer token")) };
        let Some(credential) = credential else { return Ok(None) };
        match authentication::authenticate(&state, credential.token(), &origin).await {
            Ok(Some(actor)) => Ok(Some((Arc::new(actor), credential))),
            // A browser sends the cookie of an ended session without the page's doing.
            Ok(None) if matches!(credential, Credential::Cookie(_)) => Ok(None),
            Ok(None) => Err(Close::forbidden("Invalid, revoked or expired token")),
            Err(refusal) if refusal.code() == Code::Unavailable => {
                Err(Close::try_again_later("A database is unavailable"))
            }
            Err(_) => Err(Close::internal()),
        }
    }
    .boxed()
}

/// Sends a close frame and waits for the answer, so that the code arrives before the connection is closed.
async fn close_socket(socket: &mut WebSocket, close: Close) {
    let frame = CloseFrame { code: close.code, reason: close.reason.into() };
    let closing = async {
        socket.send(Message::Close(Some(frame))).await?;
        while let Some(Ok(_)) = socket.recv().await {}
        Ok::<_, axum::Error>(())
    };
    // A peer that does not answer in time is disconnected.
    let _ = timeout(CLOSE_TIMEOUT, closing).await;
}
