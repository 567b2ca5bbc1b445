//! Enqueues generations. Jobs that the queue has lost are enqueued again, because the documents are authoritative.

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;
use mongodb::bson::{Document, doc};
use triptych_entities::{
    documents::{conversations::generation::Generation, to_bson},
    ids::GenerationId,
    payloads::job::Job,
};
use triptych_stores::{
    collections::{all, in_time},
    error::StoreError,
    queues::Queues,
};

use super::{Finished, Generations, Outcome};

/// A queue. Adding a job with the same id again has no effect.
pub trait Enqueue: Send + Sync + 'static {
    fn enqueue<'a>(&'a self, job: &'a Job, id: &'a str) -> BoxFuture<'a, Result<(), StoreError>>;
}

impl Enqueue for Queues {
    fn enqueue<'a>(&'a self, job: &'a Job, id: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(Queues::enqueue(self, job, id, None))
    }
}

/// Time limit of enqueueing a job; afterwards the reconciler enqueues it.
const ENQUEUE_LIMIT: Duration = Duration::from_secs(2);
/// Age from which the reconciler considers a queued generation. Younger ones are still being enqueued.
const SETTLE: Duration = Duration::from_secs(2);
/// Seconds within which a generation is enqueued again at most once, so that a long queue is not filled with duplicates.
const REPEAT_SECONDS: i64 = 30;
/// Limit of generations that are reconciled in one round.
const BATCH: i64 = 500;
/// Time after the expiry of its lease at which the generation of a step is considered abandoned. Its execution, which
/// would resume it, has ended by then.
const ABANDONED: Duration = Duration::from_hours(1);

impl Generations {
    /// Enqueues a new generation. If that fails, the reconciler enqueues it.
    pub(crate) async fn dispatch(&self, id: GenerationId) {
        self.enqueue(id, &format!("{id}-0")).await;
    }

    /// Enqueues a generation that a worker has released.
    pub(super) async fn dispatch_again(&self, id: GenerationId, epoch: i32) {
        self.enqueue(id, &format!("{id}-{epoch}")).await;
    }

    async fn enqueue(&self, id: GenerationId, job_id: &str) {
        let job = Job::Generate { generation_id: id };
        let queue = Arc::clone(&self.queue);
        match tokio::time::timeout(ENQUEUE_LIMIT, queue.enqueue(&job, job_id)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(generation.id = %id, %error, "a generation was not enqueued"),
            Err(_) => {
                let error = "the queue did not answer in time";
                tracing::warn!(generation.id = %id, error, "a generation was not enqueued");
            }
        }
    }

    /// Enqueues generations without a live job again: queued ones that no worker has claimed, and streaming ones whose
    /// lease has expired. Returns their number. Idempotent; any process may call it, every second or two.
    ///
    /// # Errors
    /// If `MongoDB` does not answer.
    pub async fn reconcile(&self) -> Result<usize, StoreError> {
        self.enqueue_unfinished(SETTLE).await
    }

    /// Expires all leases and enqueues all unfinished generations. Returns their number. For the start of the only
    /// process that runs generations, when no lease can have a live holder.
    ///
    /// # Errors
    /// If `MongoDB` does not answer.
    pub async fn recover_exclusive(&self) -> Result<usize, StoreError> {
        in_time(self.stores.documents::<Generation>().across_tenants().update_many(
            doc! { "status": "STREAMING", "leaseUntil": { "$ne": null } },
            doc! { "$unset": { "leaseUntil": "", "leaseOwner": "" } },
        ))
        .await?;
        self.enqueue_unfinished(Duration::ZERO).await
    }

    async fn enqueue_unfinished(&self, settle: Duration) -> Result<usize, StoreError> {
        let now = self.clock.now();
        let unfinished = self
            .find_leases(doc! {
                "origin.kind": "thread",
                "$or": [
                    { "status": "QUEUED", "createdAt": { "$lte": to_bson(now - settle) } },
                    { "status": "STREAMING", "leaseUntil": null },
                    { "status": "STREAMING", "leaseUntil": { "$lt": to_bson(now) } },
                ],
            })
            .await?;
        let window = now.timestamp() / REPEAT_SECONDS;
        for (id, epoch) in &unfinished {
            // BullMQ ignores the ids of finished jobs, so a repeated job needs a new id.
            self.enqueue(*id, &format!("{id}-{epoch}-{window}")).await;
        }
        self.fail_abandoned_steps().await?;
        Ok(unfinished.len())
    }

    async fn find_leases(&self, filter: Document) -> Result<Vec<(GenerationId, i32)>, StoreError> {
        #[derive(serde::Deserialize)]
        struct Found {
            #[serde(rename = "_id")]
            id: GenerationId,
            epoch: i32,
        }
        let generations = self.stores.documents::<Generation>().across_tenants();
        let collection = generations.clone_with_type::<Found>();
        let find = collection.find(filter).projection(doc! { "epoch": 1 }).limit(BATCH);
        Ok(all(find).await?.into_iter().map(|found| (found.id, found.epoch)).collect())
    }

    async fn fail_abandoned_steps(&self) -> Result<(), StoreError> {
        let before = to_bson(self.clock.now() - ABANDONED);
        let abandoned = self
            .find_leases(doc! {
                "origin.kind": "step",
                "status": "STREAMING",
                "leaseUntil": { "$lt": before },
            })
            .await?;
        for (id, _) in abandoned {
            let Some(claim) =
                self.try_claim(id, self.clock.new_uuid(), ENQUEUE_LIMIT, &["STREAMING"]).await?
            else {
                continue;
            };
            let outcome = Outcome::failed("ABANDONED", "the step of this generation did not continue");
            if let Finished::Fenced = self.finish(&claim, outcome).await? {
                tracing::debug!(generation.id = %id, "an abandoned generation was claimed by its step");
            }
        }
        Ok(())
    }
}
