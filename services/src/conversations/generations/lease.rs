//! Leases of generations. MongoDB's clock decides when one has expired, so that the clocks of workers need not agree.

use std::time::Duration;

use mongodb::bson::{Bson, Document, doc};
use triptych_entities::{documents::conversations::generation::Generation, ids::GenerationId};
use triptych_stores::{
    collections::{all, in_time},
    error::StoreError,
};
use uuid::Uuid;

use super::{Claim, Generations, claim::binary};

/// The condition that no worker holds a lease: there is none, or it has expired.
pub(super) fn free() -> Document {
    // A missing value is less than every time.
    doc! { "$expr": { "$lt": ["$leaseUntil", "$$NOW"] } }
}

/// The expression of a time in the future.
pub(super) fn until(lease: Duration) -> Document {
    doc! { "$add": ["$$NOW", i64::try_from(lease.as_millis()).unwrap_or(i64::MAX)] }
}

impl Generations {
    /// Renews the leases of a worker, with one statement. Returns the generations whose lease was renewed; the others
    /// belong to another worker or have ended.
    ///
    /// # Errors
    /// If `MongoDB` does not answer; the leases keep their time of expiry.
    pub async fn renew(
        &self,
        worker: Uuid,
        held: &[(GenerationId, i32)],
        lease: Duration,
    ) -> Result<Vec<GenerationId>, StoreError> {
        let ids: Vec<Bson> = held.iter().map(|(id, _)| Bson::from(*id)).collect();
        let mine = doc! { "_id": { "$in": ids }, "leaseOwner": binary(worker), "status": "STREAMING" };
        let renewal = vec![doc! { "$set": { "leaseUntil": until(lease) } }];
        let generations = self.stores.documents::<Generation>().across_tenants();
        let renewed = in_time(generations.update_many(mine.clone(), renewal)).await?;
        if renewed.matched_count == held.len() as u64 {
            return Ok(held.iter().map(|(id, _)| *id).collect());
        }
        let still = self.leases(mine, None).await?;
        Ok(still.into_iter().filter(|lease| held.contains(lease)).map(|(id, _)| id).collect())
    }

    /// The generations of a worker that a user has requested to stop. The index contains no others, so that this costs
    /// the same for any number of running generations.
    ///
    /// # Errors
    /// If `MongoDB` does not answer.
    pub async fn abort_requested(&self, worker: Uuid) -> Result<Vec<GenerationId>, StoreError> {
        let filter = doc! { "leaseOwner": binary(worker), "abortRequestedAt": { "$exists": true } };
        Ok(self.leases(filter, None).await?.into_iter().map(|(id, _)| id).collect())
    }

    /// Releases a claim, so that another worker can restart the generation at once.
    ///
    /// # Errors
    /// If `MongoDB` does not answer; then the generation can be claimed when the lease expires.
    pub async fn release(&self, claim: &Claim) -> Result<(), StoreError> {
        let id = claim.generation.id;
        let mine = doc! { "_id": id, "epoch": claim.generation.epoch, "status": "STREAMING" };
        let update = doc! { "$unset": { "leaseOwner": "", "leaseUntil": "" } };
        let released =
            in_time(self.stores.documents::<Generation>().across_tenants().update_one(mine, update)).await?;
        if released.matched_count > 0 && claim.generation.thread_id().is_some() {
            self.dispatch_again(id, claim.generation.epoch).await;
        }
        Ok(())
    }

    /// Reads only the ids and epochs of generations; with a limit, in the order of their ids.
    pub(super) async fn leases(
        &self,
        filter: Document,
        limit: Option<i64>,
    ) -> Result<Vec<(GenerationId, i32)>, StoreError> {
        #[derive(serde::Deserialize)]
        struct Found {
            #[serde(rename = "_id")]
            id: GenerationId,
            epoch: i32,
        }
        let generations = self.stores.documents::<Generation>().across_tenants();
        let collection = generations.clone_with_type::<Found>();
        let mut find = collection.find(filter).projection(doc! { "epoch": 1 });
        if let Some(limit) = limit {
            find = find.sort(doc! { "_id": 1 }).limit(limit);
        }
        Ok(all(find).await?.into_iter().map(|found| (found.id, found.epoch)).collect())
    }
}
