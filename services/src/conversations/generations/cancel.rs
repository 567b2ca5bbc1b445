//! Cancels generations, from any process.

use std::time::Duration;

use mongodb::bson::doc;
use triptych_entities::{
    documents::{conversations::generation::Generation, to_bson},
    ids::GenerationId,
};
use triptych_stores::error::{Result, ServiceError};
use triptych_stores::{
    access::{Action, Actor},
    collections::in_time,
};

use super::{Finished, Generations, Outcome, find::within};

const LEASE: Duration = Duration::from_secs(15);

impl Generations {
    /// Cancels a generation. A queued generation ends at once. A running one ends when its worker polls, within a
    /// fraction of a second, and keeps the response so far. A generation that has ended is returned unchanged.
    ///
    /// # Errors
    /// `NotFound`, also for the generation of another user; `Denied` without the permission to change threads.
    #[tracing::instrument(skip_all, fields(generation.id = %id))]
    pub async fn cancel(&self, actor: &Actor, id: GenerationId) -> Result<Generation> {
        let mut filter = within(actor, Action::Update)?;
        filter.insert("_id", id);
        let generations = self.stores.documents::<Generation>().across_tenants();
        let found = in_time(generations.find_one(filter.clone()))
            .await?
            .ok_or(ServiceError::NotFound("generation"))?;
        if found.status.is_final() {
            return Ok(found);
        }
        let mut running = filter.clone();
        running.insert("status", doc! { "$in": ["QUEUED", "STREAMING"] });
        running.insert("abortRequestedAt", mongodb::bson::Bson::Null);
        let update = doc! { "$set": { "abortRequestedAt": to_bson(self.clock.now()) } };
        in_time(generations.update_one(running, update)).await?;
        if let Some(claim) = self.try_claim(id, self.clock.new_uuid(), LEASE, &["QUEUED"]).await?
            && let Finished::Stored(generation) = self.finish(&claim, Outcome::aborted()).await?
        {
            return Ok(*generation);
        }
        in_time(generations.find_one(filter)).await?.ok_or(ServiceError::NotFound("generation"))
    }
}
