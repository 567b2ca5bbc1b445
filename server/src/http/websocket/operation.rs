//! One operation of a connection, in a task of its own, so that operations do not wait for each other.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Instant};

use axum::http::StatusCode;
use futures::{FutureExt as _, StreamExt as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use triptych_schema::{Client, Operation as Parsed, Outcome, Request, RequestKind};
use triptych_services::{access::Actor, error::Code};

use super::{
    message::WireId,
    outgoing::{Gone, Outgoing, Sender},
    protocol::Serial,
    usage::ConnectionPlace,
};
use crate::http::{
    HttpState,
    graphql::{Work, deadline, detached, guarded, prepare},
    metrics::{self, Transport, count_operation},
    refusal::Refusal,
};

/// State shared by all operations of a connection.
pub(super) struct Shared {
    pub(super) state: HttpState,
    pub(super) client: Client,
    /// `None` for an anonymous client.
    pub(super) place: Option<ConnectionPlace>,
    /// Permits for subscriptions of this connection.
    pub(super) subscriptions: Arc<Semaphore>,
    /// Permits for queries and mutations of this connection that are executed at the same time.
    pub(super) executing: Semaphore,
}

/// One operation.
pub(super) struct Operation {
    pub(super) shared: Arc<Shared>,
    pub(super) actor: Option<Arc<Actor>>,
    pub(super) id: Arc<str>,
    pub(super) serial: Serial,
    pub(super) outgoing: Sender,
    /// The share of this operation of the requests that wait, until its document is parsed.
    pub(super) waiting: OwnedSemaphorePermit,
}

impl Operation {
    /// Executes the request and sends its answers. A panic ends this operation alone.
    pub(super) async fn run(self, request: Box<Request>) {
        let Self { shared, actor, id, serial, outgoing, waiting } = self;
        let work = Execution { shared, actor, id, serial, outgoing };
        let wire = WireId::new(&work.id);
        let answered = AssertUnwindSafe(work.answer(&wire, request, waiting)).catch_unwind().await;
        if answered.is_err() {
            let refusal = Refusal::internal("an operation panicked", &work.shared.state.services.clock);
            // The connection is closed, so there is no recipient.
            let _ = work.refuse(&wire, &refusal).boxed().await;
        }
    }
}

/// An operation that is executed.
struct Execution {
    shared: Arc<Shared>,
    actor: Option<Arc<Actor>>,
    id: Arc<str>,
    serial: Serial,
    outgoing: Sender,
}

impl Execution {
    async fn answer(
        &self,
        wire: &WireId,
        request: Box<Request>,
        waiting: OwnedSemaphorePermit,
    ) -> Result<(), Gone> {
        let begun = Instant::now();
        let operation = match prepare(&self.shared.state, *request).boxed().await {
            Work::Run(operation) => operation,
            Work::Refused(outcome) => {
                count_operation(None, Transport::WebSocket, true, begun);
                return self.send(wire.error(&outcome.errors), true).await;
            }
        };
        let kind = operation.kind();
        // Boxed, as is what subscriptions do between their waits: they stay, and should not hold the memory of the rest.
        if kind == RequestKind::Subscription {
            drop(waiting);
            let refused = self.follow(wire, operation).boxed().await?;
            count_operation(Some(kind), Transport::WebSocket, refused, begun);
            return Ok(());
        }
        let Ok(_executing) = self.shared.executing.acquire().await else { return Err(Gone) };
        let refused = match kind {
            RequestKind::Mutation => self.mutate(wire, operation).boxed().await?,
            _ => self.once(wire, operation).boxed().await?,
        };
        count_operation(Some(kind), Transport::WebSocket, refused, begun);
        Ok(())
    }

    async fn once(&self, wire: &WireId, operation: Parsed) -> Result<bool, Gone> {
        let Shared { state, client, .. } = self.shared.as_ref();
        let work = state.api.execute(operation, self.actor.clone(), client.again());
        self.only(wire, guarded(state, deadline(state), work).await).await
    }

    async fn mutate(&self, wire: &WireId, operation: Parsed) -> Result<bool, Gone> {
        let Shared { state, client, .. } = self.shared.as_ref();
        let (api, actor, client) = (state.api.clone(), self.actor.clone(), client.again());
        let work = async move { api.execute(operation, actor, client).await };
        self.only(wire, detached(state, deadline(state), work).await).await
    }

    /// Sends the only answer, and returns whether it was a refusal.
    async fn only(&self, wire: &WireId, outcome: Result<Outcome, Refusal>) -> Result<bool, Gone> {
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(refusal) => return self.refuse(wire, &refusal).await,
        };
        if !outcome.executed {
            self.send(wire.error(&outcome.errors), true).await?;
            return Ok(true);
        }
        self.send(wire.next(&outcome.body), false).await?;
        self.send(wire.complete(), true).await?;
        Ok(false)
    }

    async fn follow(&self, wire: &WireId, operation: Parsed) -> Result<bool, Gone> {
        let Shared { state, client, place, subscriptions, .. } = self.shared.as_ref();
        let limits = &state.config.limits;
        let Ok(_of_connection) = subscriptions.try_acquire() else {
            return self.over_limit(wire, "connection", limits.subscriptions_per_connection).boxed().await;
        };
        let of_user = place.as_ref().map(|place| place.subscribe(limits.subscriptions_per_user));
        if matches!(of_user, Some(None)) {
            return self.over_limit(wire, "user", limits.subscriptions_per_user).boxed().await;
        }
        let _counted = metrics::Open::subscription();
        let events = metrics::events();
        let mut answers = state.api.stream(operation, self.actor.clone(), client.again());
        while let Some(outcome) = answers.next().await {
            if !outcome.executed {
                self.send(wire.error(&outcome.errors), true).boxed().await?;
                return Ok(true);
            }
            events.increment(1);
            let text = wire.next(&outcome.body);
            drop(outcome);
            self.send(text, false).boxed().await?;
        }
        self.send(wire.complete(), true).boxed().await?;
        Ok(false)
    }

    async fn refuse(&self, wire: &WireId, refusal: &Refusal) -> Result<bool, Gone> {
        self.send(wire.error(&refusal.errors().to_string()), true).await?;
        Ok(true)
    }

    async fn over_limit(&self, wire: &WireId, whose: &str, limit: usize) -> Result<bool, Gone> {
        let message = format!("a {whose} can have at most {limit} subscriptions; complete one first");
        let refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, Code::LimitExceeded, message);
        self.refuse(wire, &refusal).await
    }

    async fn send(&self, text: String, last: bool) -> Result<(), Gone> {
        self.outgoing.send(Outgoing { id: self.id.clone(), serial: self.serial, last, text }).await
    }
}
