//! Getting generations to a worker. The queue may forget; the documents do not, and are handed over again.

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

/// A queue that takes jobs. The same id is taken once.
pub trait Enqueue: Send + Sync + 'static {
    fn enqueue<'a>(&'a self, job: &'a Job, id: &'a str) -> BoxFuture<'a, Result<(), StoreError>>;
}

impl Enqueue for Queues {
    fn enqueue<'a>(&'a self, job: &'a Job, id: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(Queues::enqueue(self, job, id, None))
    }
}

/// How long the queue may take before the reconciler has to do it.
const PATIENCE: Duration = Duration::from_secs(2);
/// A queued generation younger than this is on its way.
const SETTLE: Duration = Duration::from_secs(2);
/// A job is handed over again at most once in so many seconds: a full queue must not fill with doubles.
const AGAIN_SECONDS: i64 = 30;
/// Generations looked at in one round.
const BATCH: i64 = 500;
/// A step's generation is resumed by its execution. When that has not happened for so long, it never will.
const ABANDONED: Duration = Duration::from_hours(1);

impl Generations {
    /// Hands a new generation to the queue. When that fails the reconciler does it.
    pub(crate) async fn dispatch(&self, id: GenerationId) {
        self.hand_over(id, &format!("{id}-0")).await;
    }

    /// Hands over a generation that a worker has let go of.
    pub(super) async fn dispatch_again(&self, id: GenerationId, epoch: i32) {
        self.hand_over(id, &format!("{id}-{epoch}")).await;
    }

    async fn hand_over(&self, id: GenerationId, job_id: &str) {
        let job = Job::Generate { generation_id: id };
        let queue = Arc::clone(&self.queue);
        match tokio::time::timeout(PATIENCE, queue.enqueue(&job, job_id)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(generation.id = %id, %error, "not enqueued yet"),
            Err(_) => tracing::warn!(generation.id = %id, "not enqueued yet: the queue does not answer"),
        }
    }

    /// Hands over again what is owed a run: queued generations that no worker has taken, and streaming ones whose
    /// worker is gone. Returns how many. Idempotent; any process may call it, every second or two.
    ///
    /// # Errors
    /// If `MongoDB` does not answer.
    pub async fn reconcile(&self) -> Result<usize, StoreError> {
        self.hand_over_owed(SETTLE).await
    }

    /// At the start of the only process that runs generations: whatever holds a lease is dead. Expires all leases
    /// and hands over everything at once. Returns how many.
    ///
    /// # Errors
    /// If `MongoDB` does not answer.
    pub async fn recover_exclusive(&self) -> Result<usize, StoreError> {
        in_time(self.stores.documents::<Generation>().across_tenants().update_many(
            doc! { "status": "STREAMING", "leaseUntil": { "$ne": null } },
            doc! { "$unset": { "leaseUntil": "", "leaseOwner": "" } },
        ))
        .await?;
        self.hand_over_owed(Duration::ZERO).await
    }

    async fn hand_over_owed(&self, settle: Duration) -> Result<usize, StoreError> {
        let now = self.mint.now();
        let owed = self
            .owed(doc! {
                "origin.kind": "thread",
                "$or": [
                    { "status": "QUEUED", "createdAt": { "$lte": to_bson(now - settle) } },
                    { "status": "STREAMING", "leaseUntil": null },
                    { "status": "STREAMING", "leaseUntil": { "$lt": to_bson(now) } },
                ],
            })
            .await?;
        let window = now.timestamp() / AGAIN_SECONDS;
        for (id, epoch) in &owed {
            // Finished jobs are remembered by their id, so a job that was lost needs a new one.
            self.hand_over(*id, &format!("{id}-{epoch}-{window}")).await;
        }
        self.give_up_on_abandoned_steps().await?;
        Ok(owed.len())
    }

    async fn owed(&self, filter: Document) -> Result<Vec<(GenerationId, i32)>, StoreError> {
        #[derive(serde::Deserialize)]
        struct Owed {
            #[serde(rename = "_id")]
            id: GenerationId,
            epoch: i32,
        }
        let generations = self.stores.documents::<Generation>().across_tenants();
        let owed = generations.clone_with_type::<Owed>();
        let find = owed.find(filter).projection(doc! { "epoch": 1 }).limit(BATCH);
        Ok(all(find).await?.into_iter().map(|owed| (owed.id, owed.epoch)).collect())
    }

    async fn give_up_on_abandoned_steps(&self) -> Result<(), StoreError> {
        let before = to_bson(self.mint.now() - ABANDONED);
        let abandoned = self
            .owed(doc! {
                "origin.kind": "step",
                "status": "STREAMING",
                "leaseUntil": { "$lt": before },
            })
            .await?;
        for (id, _) in abandoned {
            let Some(claim) = self.take(id, self.mint.uuid(), PATIENCE, &["STREAMING"]).await? else {
                continue;
            };
            let outcome = Outcome::failed("ABANDONED", "the step that asked for this answer did not go on");
            if let Finished::Fenced = self.finish(&claim, outcome).await? {
                tracing::debug!(generation.id = %id, "taken up after all");
            }
        }
        Ok(())
    }
}
