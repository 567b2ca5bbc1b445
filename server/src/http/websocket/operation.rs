//! One operation of a connection, in a task of its own, so that none waits for another.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Instant};

use futures::{FutureExt as _, StreamExt as _};
use triptych_schema::{Client, Operation as Parsed, Outcome, Request, RequestKind};
use triptych_services::{access::Actor, error::Code};

use super::{
    message::WireId,
    outgoing::{Outgoing, Sender},
    protocol::Serial,
    usage::ConnectionPlace,
};
use crate::http::{
    HttpState,
    graphql::{Work, detached, prepare},
    metrics::{self, Transport, count_operation},
};

/// What all operations of a connection have in common.
pub(super) struct Shared {
    pub(super) state: HttpState,
    pub(super) client: Client,
    /// Absent for those who are not signed in.
    pub(super) place: Option<ConnectionPlace>,
    /// Subscriptions of this connection.
    pub(super) subscriptions: Arc<tokio::sync::Semaphore>,
}

/// One operation.
pub(super) struct Operation {
    pub(super) shared: Arc<Shared>,
    pub(super) actor: Option<Arc<Actor>>,
    pub(super) id: Arc<str>,
    pub(super) serial: Serial,
    pub(super) outgoing: Sender,
}

/// The connection is gone, and with it whoever asked.
struct Gone;

impl Operation {
    /// Runs to the end and says so. A defect of ours ends this operation alone.
    pub(super) async fn run(self, request: Request) {
        let wire = WireId::new(&self.id);
        let answered = AssertUnwindSafe(self.answer(&wire, request)).catch_unwind().await;
        if answered.is_err() {
            tracing::error!("an operation broke");
            let outcome = Outcome::refuse(Code::Internal, "something went wrong on our side");
            let _ = self.send(wire.error(&outcome.errors), true).await;
        }
    }

    async fn answer(&self, wire: &WireId, request: Request) -> Result<(), Gone> {
        let begun = Instant::now();
        let operation = match prepare(&self.shared.state, request) {
            Work::Run(operation) => operation,
            Work::Refused(outcome) => {
                count_operation(None, Transport::WebSocket, true, begun);
                return self.send(wire.error(&outcome.errors), true).await;
            }
        };
        let kind = operation.kind();
        let refused = match kind {
            RequestKind::Subscription => self.follow(wire, operation).await?,
            RequestKind::Mutation => self.mutate(wire, operation).await?,
            RequestKind::Query => self.once(wire, operation).await?,
        };
        count_operation(Some(kind), Transport::WebSocket, refused, begun);
        Ok(())
    }

    async fn once(&self, wire: &WireId, operation: Parsed) -> Result<bool, Gone> {
        let Shared { state, client, .. } = self.shared.as_ref();
        let outcome = state.api.execute(operation, self.actor.clone(), client.clone()).await;
        self.only(wire, &outcome).await
    }

    async fn mutate(&self, wire: &WireId, operation: Parsed) -> Result<bool, Gone> {
        let Shared { state, client, .. } = self.shared.as_ref();
        let (api, actor, client) = (state.api.clone(), self.actor.clone(), client.clone());
        let work = async move { api.execute(operation, actor, client).await };
        let outcome = detached(state, work)
            .await
            .unwrap_or_else(|| Outcome::refuse(Code::Unavailable, "the operation took too long"));
        self.only(wire, &outcome).await
    }

    /// Answers, and says whether it was a refusal.
    async fn only(&self, wire: &WireId, outcome: &Outcome) -> Result<bool, Gone> {
        if !outcome.executed {
            self.send(wire.error(&outcome.errors), true).await?;
            return Ok(true);
        }
        self.send(wire.next(&outcome.body), false).await?;
        self.send(wire.complete(), true).await?;
        Ok(false)
    }

    async fn follow(&self, wire: &WireId, operation: Parsed) -> Result<bool, Gone> {
        let Shared { state, client, place, subscriptions } = self.shared.as_ref();
        let limits = &state.config.limits;
        let Ok(_of_connection) = subscriptions.try_acquire() else {
            return self.over_limit(wire, "connection", limits.subscriptions_per_connection).await;
        };
        let of_user = place.as_ref().map(|place| place.subscribe(limits.subscriptions_per_user));
        if matches!(of_user, Some(None)) {
            return self.over_limit(wire, "user", limits.subscriptions_per_user).await;
        }
        let _counted = metrics::Open::subscription();
        let events = metrics::events();
        let mut answers = state.api.stream(operation, self.actor.clone(), client.clone());
        while let Some(outcome) = answers.next().await {
            if !outcome.executed {
                self.send(wire.error(&outcome.errors), true).await?;
                return Ok(true);
            }
            events.increment(1);
            self.send(wire.next(&outcome.body), false).await?;
        }
        self.send(wire.complete(), true).await?;
        Ok(false)
    }

    async fn over_limit(&self, wire: &WireId, whose: &str, limit: usize) -> Result<bool, Gone> {
        let message = format!("a {whose} has at most {limit} subscriptions; complete one first");
        let outcome = Outcome::refuse(Code::LimitExceeded, &message);
        self.send(wire.error(&outcome.errors), true).await?;
        Ok(true)
    }

    /// Waits while too much waits already: a client that reads slowly slows its own operations down.
    async fn send(&self, text: String, last: bool) -> Result<(), Gone> {
        let message = Outgoing { id: self.id.clone(), serial: self.serial, last, text };
        self.outgoing.send(message).await.map_err(|_| Gone)
    }
}
