//! The live feed of a generation. While it streams, only the stream has the response; lost events are replaced by
//! the writer's next snapshot. When it has ended, the database has the response and its terminal event.

use futures::{FutureExt as _, TryStreamExt as _, future::BoxFuture};
use mongodb::bson::doc;
use serde::Deserialize;
use triptych_entities::{
    documents::conversations::{
        generation::{Generation, Status},
        message::Message,
        part::Part,
    },
    ids::{GenerationId, MessageId},
    payloads::generation_event::GenerationEvent,
};
use triptych_stores::{
    access::Actor,
    collections::{Documents, in_time},
    connections::Stores,
    error::{Result, ServiceError, StoreError},
    live::{self, End, Feed, Lost, Marks, Position, Topic},
};

use super::{
    Generations,
    terminal::{end_of, snapshot_event, terminal_event},
};

/// The fields of every envelope of a generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    pub generation_id: GenerationId,
    pub message_id: Option<MessageId>,
}

pub type Envelope = live::Envelope<Subject, GenerationEvent>;

/// The feed of one generation, for one subscriber. There may be thousands, so it has only the collections that it needs.
pub struct GenerationFeed {
    generations: Documents<Generation>,
    messages: Documents<Message>,
    generation: Generation,
}

impl Generations {
    /// The live feed of a generation.
    ///
    /// # Errors
    /// `NotFound`, also for the generation of another user.
    #[tracing::instrument(skip_all, fields(generation.id = %id))]
    pub async fn feed(&self, actor: &Actor, id: GenerationId) -> Result<GenerationFeed> {
        let (generations, messages) = (self.stores.documents(), self.stores.documents());
        Ok(GenerationFeed { generations, messages, generation: self.get(actor, id).await? })
    }
}

impl Feed for GenerationFeed {
    type Subject = Subject;
    type Event = GenerationEvent;
    type Error = ServiceError;

    const KIND: &'static str = "generation";

    fn subject(&self) -> Subject {
        Subject { generation_id: self.generation.id, message_id: self.generation.message_id() }
    }

    fn topic(&self) -> Topic {
        Topic::of(self.generation.id)
    }

    async fn refresh(&mut self) -> Result<()> {
        let generation = &self.generation;
        let filter = doc! { "_id": generation.id, "organizationId": generation.organization_id };
        let found = in_time(self.generations.across_tenants().find_one(filter)).await?;
        self.generation = found.ok_or(ServiceError::NotFound("generation"))?;
        Ok(())
    }

    fn end(&self) -> Option<End<GenerationEvent>> {
        let generation = &self.generation;
        let ended = generation.status.is_final();
        ended.then(|| End { at: Some(end_of(generation)), event: terminal_event(generation) })
    }

    fn highest(&self) -> Option<Position> {
        Some(Position { epoch: i64::from(self.generation.epoch), seq: i64::MAX })
    }

    async fn recover(&mut self, lost: Lost) -> Result<Option<Vec<GenerationEvent>>> {
        if lost.is_empty() {
            return Ok(Some(Vec::new()));
        }
        if !self.generation.status.is_final() {
            return Ok(None);
        }
        let parts = self.stored_parts().await?;
        Ok(Some(vec![snapshot_event(self.generation.status, parts)]))
    }

    /// The response is stored before its terminal event is appended, so the document has this end or a later run.
    async fn confirms(&mut self, end: Position) -> Result<bool> {
        self.refresh().await?;
        Ok(i64::from(self.generation.epoch) <= end.epoch)
    }
}

impl GenerationFeed {
    async fn stored_parts(&self) -> Result<Vec<Part>, StoreError> {
        let generation = &self.generation;
        let Some(message_id) = generation.message_id() else { return Ok(generation.parts.clone()) };
        let filter = doc! { "_id": message_id, "organizationId": generation.organization_id };
        let message = in_time(self.messages.across_tenants().find_one(filter)).await?;
        Ok(message.map(|message| message.parts).unwrap_or_default())
    }
}

/// The runs and statuses of generations, for all subscribers of the process together.
pub(super) struct Statuses(pub(super) Stores);

/// The fields of a generation that its mark is made of.
#[derive(Deserialize)]
struct Mark {
    #[serde(rename = "_id")]
    id: GenerationId,
    epoch: i32,
    status: Status,
}

impl live::Overview for Statuses {
    fn marks(&self, ids: Vec<String>) -> BoxFuture<'_, Result<Marks, StoreError>> {
        let ids: Vec<GenerationId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        async move {
            let find = async {
                let generations = self.0.documents::<Generation>().across_tenants().clone_with_type::<Mark>();
                let found = generations.find(doc! { "_id": { "$in": ids } });
                let cursor = found.projection(doc! { "epoch": 1, "status": 1 }).await?;
                cursor.try_collect::<Vec<Mark>>().await
            };
            let mark = |mark: Mark| (mark.id.to_string(), i64::from(mark.epoch) * 16 + mark.status as i64);
            Ok(in_time(find).await?.into_iter().map(mark).collect())
        }
        .boxed()
    }
}
