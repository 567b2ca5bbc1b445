//! One WebSocket: frames in, frames out, and its end.

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
use triptych_services::{access::Actor, error::Code};

use super::{
    credential,
    operation::{Operation, Shared},
    outgoing::{self, Outgoing},
    protocol::{Close, Protocol, Serial, Step},
    watch::{self, News},
};
use crate::http::{
    HttpState,
    authentication::{self, Credential},
    metrics,
};

/// How long a client may take to send `connection_init`.
const INIT_TIMEOUT: Duration = Duration::from_secs(3);
/// How often a peer that says nothing is asked whether it is there.
const PING_EVERY: Duration = Duration::from_secs(20);
/// Pings without an answer after which a peer is taken for dead.
const MISSED_PINGS: u32 = 2;
/// How long a peer may leave what we write unread.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a peer may take to answer our close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// Messages written between two looks at what else there is to do.
const BURST: usize = 64;
/// Operations of any kind that one connection may have open.
const OPEN_OPERATIONS: usize = 1_000;

/// Whoever was found behind the credentials.
type Identified = Result<Option<(Arc<Actor>, Credential)>, Close>;

/// How a connection came to its end.
enum End {
    /// We end it.
    Ours(Close),
    /// The peer has closed it, or is gone.
    Theirs,
}

/// A connection's state, apart from the socket and what comes in beside it.
pub(super) struct Connection {
    state: HttpState,
    client: Client,
    handshake: Option<Credential>,
    protocol: Protocol,
    /// Known after the acknowledgement.
    shared: Option<Arc<Shared>>,
    actor: Option<Arc<Actor>>,
    running: HashMap<Serial, AbortHandle>,
    unanswered_pings: u32,
}

/// What a connection waits for besides its socket.
struct Sources {
    outgoing: outgoing::Receiver,
    sender: outgoing::Sender,
    identified: BoxFuture<'static, Identified>,
    news: BoxStream<'static, News>,
    pings: Interval,
    init_deadline: Instant,
}

impl Connection {
    pub(super) fn new(state: HttpState, client: Client, handshake: Option<Credential>) -> Self {
        Self {
            state,
            client,
            handshake,
            protocol: Protocol::new(),
            shared: None,
            actor: None,
            running: HashMap::new(),
            unanswered_pings: 0,
        }
    }

    /// Serves until either side ends it.
    pub(super) async fn serve(mut self, socket: &mut WebSocket, agreed: bool) {
        let _counted = metrics::Open::connection();
        let end = if agreed { self.exchange(socket).await } else { End::Ours(Close::no_protocol()) };
        for (_, task) in self.running.drain() {
            task.abort();
        }
        match end {
            End::Ours(close) => say_goodbye(socket, close).await,
            // Their close is answered with what is flushed.
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
            identified: futures::future::pending().boxed(),
            news: stream::pending().boxed(),
            pings,
            init_deadline: Instant::now() + INIT_TIMEOUT,
        };
        let drain = self.state.drain.clone();
        let mut burst: Vec<Outgoing> = Vec::new();
        loop {
            let waiting_for_init = !self.protocol.has_begun();
            let done = tokio::select! {
                () = drain.cancelled() => Err(End::Ours(Close::going_away())),
                frame = socket.recv() => self.receive(socket, &mut sources, frame).await,
                _ = sources.outgoing.recv_many(&mut burst, BURST) => self.send(socket, &mut burst).await,
                identified = &mut sources.identified => {
                    sources.identified = futures::future::pending().boxed();
                    self.acknowledge(socket, &mut sources, identified).await
                }
                Some(news) = sources.news.next() => self.hear(news),
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
        let step = match frame {
            None | Some(Ok(Message::Close(_))) => return Err(End::Theirs),
            Some(Err(error)) => {
                tracing::debug!(%error, "a WebSocket broke");
                return Err(End::Ours(Close::too_large()));
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => return Ok(()),
            Some(Ok(Message::Binary(_))) => Step::Close(Close::invalid("Invalid message: not text")),
            Some(Ok(Message::Text(text))) => self.protocol.receive(&text),
        };
        match step {
            Step::Nothing => Ok(()),
            Step::Close(close) => Err(End::Ours(close)),
            Step::Send(text) => write(socket, Message::text(text)).await,
            Step::Authenticate(payload) => {
                sources.identified = identify(self.state.clone(), &payload, self.handshake.take());
                Ok(())
            }
            Step::Stop(serial) => {
                if let Some(task) = self.running.remove(&serial) {
                    task.abort();
                }
                Ok(())
            }
            Step::Start { serial, id, request } => {
                if self.protocol.open() > OPEN_OPERATIONS {
                    return Err(End::Ours(Close::try_again_later("Too many operations")));
                }
                // Nothing is started before the acknowledgement, which is what makes it known.
                let Some(shared) = self.shared.clone() else { return Err(End::Ours(Close::internal())) };
                let tasks = shared.state.tasks.clone();
                let actor = self.actor.clone();
                let operation = Operation { shared, actor, id, serial, outgoing: sources.sender.clone() };
                let task = tasks.spawn(operation.run(*request));
                self.running.insert(serial, task.abort_handle());
                Ok(())
            }
        }
    }

    /// Writes what waits, and flushes once.
    async fn send(&mut self, socket: &mut WebSocket, burst: &mut Vec<Outgoing>) -> Result<(), End> {
        let writing = async {
            for message in burst.drain(..) {
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
        match timeout(WRITE_TIMEOUT, writing).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Theirs),
        }
    }

    async fn acknowledge(
        &mut self,
        socket: &mut WebSocket,
        sources: &mut Sources,
        identified: Identified,
    ) -> Result<(), End> {
        let limits = &self.state.config.limits;
        let mut place = None;
        if let Some((actor, credential)) = identified.map_err(End::Ours)? {
            place = self.state.usage.connect(actor.user, limits.connections_per_user);
            if place.is_none() {
                return Err(End::Ours(Close::try_again_later("Too many connections of this user")));
            }
            sources.news = watch::over(self.state.clone(), &actor, credential.into_token());
            self.actor = Some(actor);
        }
        self.shared = Some(Arc::new(Shared {
            state: self.state.clone(),
            client: self.client.clone(),
            place,
            subscriptions: Arc::new(Semaphore::new(limits.subscriptions_per_connection)),
        }));
        write(socket, Message::text(self.protocol.acknowledge())).await
    }

    fn hear(&mut self, news: News) -> Result<(), End> {
        match news {
            News::Renewed(actor) => {
                self.actor = Some(actor);
                Ok(())
            }
            News::Ended => Err(End::Ours(Close::forbidden("Session ended"))),
        }
    }

    async fn ping(&mut self, socket: &mut WebSocket) -> Result<(), End> {
        if self.unanswered_pings >= MISSED_PINGS {
            return Err(End::Theirs);
        }
        self.unanswered_pings += 1;
        write(socket, Message::Ping(axum::body::Bytes::new())).await
    }
}

/// Finds out who a client is.
fn identify(
    state: HttpState,
    payload: &Map<String, Value>,
    handshake: Option<Credential>,
) -> BoxFuture<'static, Identified> {
    let chosen = credential::choose(payload, handshake);
    async move {
        let Ok(credential) = chosen else { return Err(Close::forbidden("Not a bearer token")) };
        let Some(credential) = credential else { return Ok(None) };
        match authentication::authenticate(&state, credential.token()).await {
            Ok(Some(actor)) => Ok(Some((Arc::new(actor), credential))),
            // A browser sends the cookie of a session that is gone without being asked.
            Ok(None) if matches!(credential, Credential::Cookie(_)) => Ok(None),
            Ok(None) => Err(Close::forbidden("Unknown, ended or expired token")),
            Err(refusal) if refusal.code() == Code::Unavailable => {
                Err(Close::try_again_later("A database is away"))
            }
            Err(_) => Err(Close::internal()),
        }
    }
    .boxed()
}

async fn write(socket: &mut WebSocket, message: Message) -> Result<(), End> {
    match timeout(WRITE_TIMEOUT, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(End::Theirs),
    }
}

/// Sends a close and waits for its answer, so that the code arrives before the connection is cut.
async fn say_goodbye(socket: &mut WebSocket, close: Close) {
    let frame = CloseFrame { code: close.code, reason: close.reason.into() };
    let goodbye = async {
        socket.send(Message::Close(Some(frame))).await?;
        while let Some(Ok(_)) = socket.recv().await {}
        Ok::<_, axum::Error>(())
    };
    // A peer that does not answer is left behind.
    let _ = timeout(CLOSE_TIMEOUT, goodbye).await;
}
