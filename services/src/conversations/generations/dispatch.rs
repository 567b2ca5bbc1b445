//! Enqueues generations. Jobs that the queue has lost are enqueued again, because the documents are authoritative.

use std::time::Duration;

use futures::future::BoxFuture;
use mongodb::bson::doc;
use triptych_entities::{
    documents::{conversations::generation::Generation, to_bson},
    ids::GenerationId,
    payloads::job::Job,
};
use triptych_stores::{
    collections::in_time,
    error::StoreError,
    queues::{Addition, Queues},
};

use super::{Generations, lease};

/// A queue. Adding a job with the same id again has no effect.
pub trait Enqueue: Send + Sync + 'static {
    /// Adds jobs with their ids, with few round trips.
    fn enqueue(&self, jobs: Vec<(Job, String)>) -> BoxFuture<'_, Result<(), StoreError>>;
}

impl Enqueue for Queues {
    fn enqueue(&self, jobs: Vec<(Job, String)>) -> BoxFuture<'_, Result<(), StoreError>> {
        let addition = |(job, id): (Job, String)| {
            let (queue, name) = (job.queue(), job.name().to_owned());
            Ok(Addition { queue, name, id, payload: serde_json::to_value(job)?, delay: None })
        };
        Box::pin(async move {
            let additions: Result<_, StoreError> = jobs.into_iter().map(addition).collect();
            self.add(additions?).await
        })
    }
}

/// Time limit of enqueueing a job; afterwards the reconciler enqueues it.
const ENQUEUE_LIMIT: Duration = Duration::from_secs(2);
/// Age from which the reconciler considers a queued generation. Younger ones are still being enqueued.
const SETTLE: Duration = Duration::from_secs(2);
/// Seconds within which a generation is enqueued again at most once, so that a long queue is not filled with duplicates.
const REPEAT_SECONDS: i64 = 30;
/// Generations that are read together.
const BATCH: i64 = 500;

impl Generations {
    /// Enqueues a new generation. If that fails, the reconciler enqueues it.
    pub(crate) async fn dispatch(&self, id: GenerationId) {
        self.enqueue(vec![(id, format!("{id}-0"))]).await;
    }

    /// Enqueues a generation that a worker has released.
    pub(super) async fn dispatch_again(&self, id: GenerationId, epoch: i32) {
        self.enqueue(vec![(id, format!("{id}-{epoch}"))]).await;
    }

    /// Adds jobs with their ids. Whether the queue has them.
    async fn enqueue(&self, generations: Vec<(GenerationId, String)>) -> bool {
        let Some((first, _)) = generations.first() else { return true };
        let (first, count) = (*first, generations.len());
        let job = |(generation_id, id)| (Job::Generate { generation_id }, id);
        let queued = self.queue.enqueue(generations.into_iter().map(job).collect());
        let error = match tokio::time::timeout(ENQUEUE_LIMIT, queued).await {
            Ok(Ok(())) => return true,
            Ok(Err(error)) => error,
            Err(_) => StoreError::Timeout("Redis"),
        };
        tracing::warn!(generation.id = %first, count, %error, "generations were not enqueued");
        false
    }

    /// Enqueues generations of threads without a live job again: queued ones that no worker has claimed, and streaming
    /// ones whose lease has expired. Ends those of steps that do not run any more. Returns the number of those that were
    /// enqueued. Idempotent; any process may call it, every second or two.
    ///
    /// # Errors
    /// If `MongoDB` does not answer.
    pub async fn reconcile(&self) -> Result<usize, StoreError> {
        let enqueued = self.enqueue_unfinished(SETTLE).await?;
        self.end_orphans().await?;
        Ok(enqueued)
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
        let mut expired = lease::free();
        expired.insert("status", "STREAMING");
        let waiting = doc! { "status": "QUEUED", "createdAt": { "$lte": to_bson(now - settle) } };
        let window = now.timestamp() / REPEAT_SECONDS;
        let mut count = 0;
        // Those that a worker had begun come first. Each kind is read to its end, so that a long queue, or generations that
        // fail again and again, do not hide others.
        for unfinished in [expired, waiting] {
            let mut after = None;
            loop {
                let mut filter = doc! { "origin.kind": "thread", "$and": [unfinished.clone()] };
                if let Some(after) = after {
                    filter.insert("_id", doc! { "$gt": after });
                }
                let batch = self.leases(filter, Some(BATCH)).await?;
                let Some((last, _)) = batch.last() else { break };
                after = Some(*last);
                // BullMQ ignores the ids of finished jobs, so a repeated job needs a new id.
                let jobs = batch.iter().map(|(id, epoch)| (*id, format!("{id}-{epoch}-{window}")));
                if !self.enqueue(jobs.collect()).await {
                    // Redis is unavailable. The next round tries again.
                    return Ok(count);
                }
                count += batch.len();
            }
        }
        Ok(count)
    }
}
