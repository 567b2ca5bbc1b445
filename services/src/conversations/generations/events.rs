//! Watching a generation: who may, and from where.

use std::time::Duration;

use futures::stream::{BoxStream, StreamExt as _};
use mongodb::bson::doc;
use triptych_entities::{
    documents::conversations::{generation::Generation, message::Message, part::Part},
    ids::{GenerationId, MessageId},
    payloads::generation_event::GenerationEvent,
};
use triptych_stores::{
    access::Actor,
    collections::in_time,
    error::{Invalid, Result, StoreError},
    live::{Position, Topic},
};

use super::{Generations, replay::Replay, tell::end_of};

/// How long Redis may take to say where its stream ends.
const PATIENCE: Duration = Duration::from_secs(2);

/// An event and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    pub generation_id: GenerationId,
    pub message_id: Option<MessageId>,
    pub epoch: i64,
    pub seq: i64,
    /// To go on from after a broken connection.
    pub cursor: String,
    pub event: GenerationEvent,
}

impl Generations {
    /// What has been told since `after` (since the beginning without it), then what is told, up to and with the one
    /// terminal event. Nothing is left out and nothing comes twice; where events are lost, a snapshot stands for
    /// them. With the terminal event's own cursor there is nothing left, and the stream ends at once.
    ///
    /// # Errors
    /// `NotFound` also for another's generation; `Invalid` for a cursor that this generation did not give out.
    #[tracing::instrument(skip_all, fields(generation.id = %id))]
    pub async fn events(
        &self,
        actor: &Actor,
        id: GenerationId,
        after: Option<&str>,
    ) -> Result<BoxStream<'static, Result<Envelope>>> {
        let generation = self.get(actor, id).await?;
        let after = after
            .map(str::parse::<Position>)
            .transpose()
            .map_err(|_| Invalid::one("after", "not a cursor of this generation"))?;
        let top = self.top(&generation).await;
        check(&generation, after, top)?;
        Ok(Replay::new(self.clone(), generation, after, top).into_stream().boxed())
    }

    /// Where the stream ends now. Without an answer we go on as if it were gone.
    async fn top(&self, generation: &Generation) -> Option<Position> {
        let topic = Topic::Generation(generation.id);
        tokio::time::timeout(PATIENCE, self.live.top(&topic)).await.ok()?.ok()?
    }

    /// The document as it is now.
    pub(super) async fn reread(&self, generation: &Generation) -> Result<Generation, StoreError> {
        let filter = doc! { "_id": generation.id, "organizationId": generation.organization_id };
        let found = in_time(self.stores.documents::<Generation>().across_tenants().find_one(filter)).await?;
        Ok(found.unwrap_or_else(|| generation.clone()))
    }

    /// The answer as it is stored.
    pub(super) async fn stored_parts(&self, generation: &Generation) -> Result<Vec<Part>, StoreError> {
        let Some(message_id) = generation.message_id() else { return Ok(generation.parts.clone()) };
        let filter = doc! { "_id": message_id, "organizationId": generation.organization_id };
        let message = in_time(self.stores.documents::<Message>().across_tenants().find_one(filter)).await?;
        Ok(message.map(|message| message.parts).unwrap_or_default())
    }
}

/// A cursor beyond what has been told was never given out.
fn check(generation: &Generation, after: Option<Position>, top: Option<Position>) -> Result<(), Invalid> {
    let Some(after) = after else { return Ok(()) };
    let limit = if generation.status.is_final() { Some(end_of(generation)) } else { top };
    let beyond = after.epoch > i64::from(generation.epoch) || limit.is_some_and(|limit| after > limit);
    if beyond {
        return Err(Invalid::one("after", "not a cursor of this generation: it lies beyond its events"));
    }
    Ok(())
}
