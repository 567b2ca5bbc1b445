//! Stores the terminal state of a generation in one transaction, and then publishes the terminal event.

use futures::FutureExt as _;
use mongodb::{
    ClientSession,
    bson::{self, Bson, Document, doc},
    options::ReturnDocument,
};
use triptych_entities::{
    documents::{
        conversations::{
            generation::{Generation, Origin, Status, Usage},
            message::Message,
            part::Part,
            thread::Thread,
            usage_event::UsageEvent,
        },
        to_bson,
    },
    failure::Failure,
};
use triptych_stores::{collections::in_time, error::StoreError};

use super::{Claim, Generations};

/// The result of a run.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// A final status.
    pub status: Status,
    /// The response, possibly incomplete.
    pub parts: Vec<Part>,
    /// `None` if no request was sent to a model.
    pub usage: Option<Usage>,
    pub finish_reason: Option<String>,
    pub error: Option<Failure>,
    pub time_to_first_token_ms: Option<i32>,
    /// The sequence number of the last event of the run. The terminal event gets the next number.
    pub last_seq: i64,
}

impl Outcome {
    /// A failure without a response.
    #[must_use]
    pub fn failed(code: &str, message: &str) -> Self {
        Self { error: Some(Failure::new(code, message)), ..Self::empty(Status::Failed) }
    }

    /// A cancellation before the first run.
    #[must_use]
    pub fn aborted() -> Self {
        Self::empty(Status::Aborted)
    }

    fn empty(status: Status) -> Self {
        Self {
            status,
            parts: Vec::new(),
            usage: None,
            finish_reason: None,
            error: None,
            time_to_first_token_ms: None,
            last_seq: 0,
        }
    }
}

/// The outcome of [`Generations::finish`].
#[derive(Debug, Clone)]
pub enum Finished {
    Stored(Box<Generation>),
    /// Another worker has claimed the generation, or it has ended already. Nothing was written.
    Fenced,
}

impl Generations {
    /// Stores the result of a run: message, generation, thread and usage, in one transaction that the epoch fences. Then
    /// publishes the terminal event. May be repeated after an error.
    ///
    /// # Errors
    /// If `MongoDB` does not answer. The result is then stored as a whole or not at all.
    #[tracing::instrument(skip_all, fields(generation.id = %claim.generation.id, status = ?outcome.status))]
    pub async fn finish(&self, claim: &Claim, outcome: Outcome) -> Result<Finished, StoreError> {
        let mut outcome = outcome;
        if let Some(usage) = &mut outcome.usage {
            usage.cost_micros = self.models.cost_micros(&claim.generation.model, usage);
        }
        let stored = self.store_end(claim, &outcome).await?;
        let Some(generation) = stored else { return Ok(Finished::Fenced) };
        self.publish_end(&generation, &outcome.parts).await;
        Ok(Finished::Stored(Box::new(generation)))
    }

    async fn store_end(&self, claim: &Claim, outcome: &Outcome) -> Result<Option<Generation>, StoreError> {
        let end = End::of(self, claim, outcome)?;
        let written = self.stores.transaction::<_, (), _>(|session| {
            let (this, end) = (self.clone(), end.clone());
            async move { this.write_end(session, &end).await.map(Ok) }.boxed()
        });
        let ended = written.await?;
        if let Ok(Some(generation)) = ended {
            return Ok(Some(generation));
        }
        // A repeated call returns the result of the first.
        let id = claim.generation.id;
        let now =
            in_time(self.stores.documents::<Generation>().across_tenants().find_one(doc! { "_id": id }))
                .await?;
        Ok(now.filter(|now| {
            now.epoch == claim.generation.epoch
                && now.status == outcome.status
                && now.last_seq == outcome.last_seq + 1
        }))
    }

    async fn write_end(
        &self,
        session: &mut ClientSession,
        end: &End,
    ) -> mongodb::error::Result<Option<Generation>> {
        let ended = self
            .stores
            .documents::<Generation>()
            .across_tenants()
            .find_one_and_update(end.fence.clone(), end.generation.clone())
            .return_document(ReturnDocument::After)
            .session(&mut *session)
            .await?;
        let Some(generation) = ended else { return Ok(None) };
        if let Origin::Thread { thread_id, message_id } = generation.origin {
            let tenant = generation.organization_id;
            self.stores
                .documents::<Message>()
                .across_tenants()
                .update_one(doc! { "_id": message_id, "organizationId": tenant }, end.message.clone())
                .session(&mut *session)
                .await?;
            let active = doc! {
                "_id": thread_id, "organizationId": tenant, "activeGenerationId": generation.id,
            };
            self.stores
                .documents::<Thread>()
                .across_tenants()
                .update_one(active, end.thread.clone())
                .session(&mut *session)
                .await?;
        }
        if let Some(event) = &end.usage {
            self.stores
                .documents::<UsageEvent>()
                .across_tenants()
                .insert_one(event)
                .session(&mut *session)
                .await?;
        }
        Ok(Some(generation))
    }
}

/// All writes of the transaction, prepared beforehand so that the transaction can be retried.
#[derive(Clone)]
struct End {
    fence: Document,
    generation: Document,
    message: Document,
    thread: Document,
    usage: Option<UsageEvent>,
}

impl End {
    fn of(service: &Generations, claim: &Claim, outcome: &Outcome) -> Result<Self, StoreError> {
        let generation = &claim.generation;
        let now = to_bson(service.clock.now());
        let status = bson(&outcome.status)?;
        let parts = bson(&outcome.parts)?;
        let mut set = doc! {
            "status": status.clone(),
            "finishedAt": now,
            "lastSeq": outcome.last_seq + 1,
        };
        let mut message = doc! { "status": status, "parts": parts.clone() };
        if generation.message_id().is_none() {
            set.insert("parts", parts);
        }
        if let Some(usage) = &outcome.usage {
            set.insert("usage", bson(usage)?);
            message.insert("usage", bson(usage)?);
        }
        if let Some(reason) = &outcome.finish_reason {
            set.insert("finishReason", reason);
        }
        if let Some(error) = &outcome.error {
            set.insert("error", bson(error)?);
        }
        if let Some(ms) = outcome.time_to_first_token_ms {
            set.insert("timeToFirstTokenMs", ms);
        }
        Ok(Self {
            fence: doc! { "_id": generation.id, "epoch": generation.epoch, "status": "STREAMING" },
            generation: doc! { "$set": set, "$unset": { "leaseOwner": "", "leaseUntil": "" } },
            message: doc! { "$set": message },
            thread: doc! {
                "$unset": { "activeGenerationId": "" },
                "$set": { "lastMessageAt": now, "updatedAt": now },
            },
            usage: outcome.usage.as_ref().map(|usage| event(service, generation, usage, now)),
        })
    }
}

fn event(service: &Generations, generation: &Generation, usage: &Usage, now: bson::DateTime) -> UsageEvent {
    let (flow_id, execution_id, execution_step_id) = match generation.origin {
        Origin::Step { flow_id, execution_id, execution_step_id, .. } => {
            (Some(flow_id), Some(execution_id), Some(execution_step_id))
        }
        Origin::Thread { .. } => (None, None, None),
    };
    UsageEvent {
        id: service.clock.new_id(),
        organization_id: generation.organization_id,
        user_id: generation.owner_id,
        generation_id: generation.id,
        epoch: generation.epoch,
        model: generation.model.clone(),
        thread_id: generation.thread_id(),
        flow_id,
        execution_id,
        execution_step_id,
        usage: usage.clone(),
        created_at: now,
    }
}

fn bson<T: serde::Serialize>(value: &T) -> Result<Bson, StoreError> {
    bson::serialize_to_bson(value).map_err(|error| StoreError::Corrupt(error.to_string()))
}
