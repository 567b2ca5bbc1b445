//! Generations of AI steps that nobody waits for any more. PostgreSQL says whether a step still runs: its generation is
//! claimed by the next attempt then, and otherwise ended here.

use std::{collections::HashSet, time::Duration};

use mongodb::bson::{Bson, Document, doc};
use sea_orm::{ColumnTrait as _, QueryFilter as _, QuerySelect as _};
use serde::Deserialize;
use triptych_entities::{
    documents::{conversations::generation::Generation, to_bson},
    ids::{ExecutionId, ExecutionStepId, GenerationId, OrganizationId, ThreadId},
    relational::automation::execution_step,
};
use triptych_stores::{
    access::Scoped as _,
    collections::{all, in_time},
    error::StoreError,
    ids::IdColumn as _,
};

use super::{Finished, Generations, Outcome, lease};

/// Duration of the claim with which a generation is ended.
const LEASE: Duration = Duration::from_secs(15);
/// Generations that are read together.
const BATCH: i64 = 500;

/// An unfinished generation of a step.
#[derive(Debug, Deserialize)]
struct Unfinished {
    #[serde(rename = "_id")]
    id: GenerationId,
    origin: Origin,
    #[serde(rename = "abortRequestedAt", default)]
    abort_requested_at: Option<Bson>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Origin {
    execution_step_id: ExecutionStepId,
}

impl Generations {
    /// Stops the generations of an execution that does not run any more. Those that a worker runs end when it polls,
    /// within a fraction of a second, and keep the response so far.
    ///
    /// # Errors
    /// If a database does not answer; it may be repeated.
    #[tracing::instrument(skip_all, fields(execution.id = %execution))]
    pub async fn stop_of_execution(&self, execution: ExecutionId) -> Result<(), StoreError> {
        // `$exists` is required for the query to use the partial index.
        let unfinished = doc! {
            "origin.executionId": { "$eq": execution, "$exists": true },
            "status": { "$in": ["QUEUED", "STREAMING"] },
        };
        for generation in self.unfinished(unfinished, None).await? {
            if self.is_needed(&[generation.origin.execution_step_id]).await?.is_empty() {
                self.request_abort(generation.id).await?;
                self.end_orphan(generation.id, Outcome::aborted()).await?;
            }
        }
        Ok(())
    }

    /// Stops the generation of a thread that is deleted. Whether there is none in progress any more; one that a worker runs
    /// ends when it polls, within a fraction of a second.
    ///
    /// # Errors
    /// If `MongoDB` does not answer; it may be repeated.
    pub(crate) async fn stop_of_thread(&self, thread: ThreadId) -> Result<bool, StoreError> {
        self.stop_all(doc! { "origin.threadId": { "$eq": thread, "$exists": true } }).await
    }

    /// The same for all generations of an organization.
    ///
    /// # Errors
    /// If `MongoDB` does not answer; it may be repeated.
    pub(crate) async fn stop_of_organization(&self, id: OrganizationId) -> Result<bool, StoreError> {
        self.stop_all(doc! { "organizationId": id }).await
    }

    async fn stop_all(&self, mut unfinished: Document) -> Result<bool, StoreError> {
        unfinished.insert("status", doc! { "$in": ["QUEUED", "STREAMING"] });
        for (id, _) in self.leases(unfinished.clone(), None).await? {
            self.request_abort(id).await?;
            self.end_orphan(id, Outcome::aborted()).await?;
        }
        Ok(self.leases(unfinished, None).await?.is_empty())
    }

    /// Ends the generations of steps that have ended, if no worker runs them.
    ///
    /// # Errors
    /// If a database does not answer; it may be repeated.
    pub(super) async fn end_orphans(&self) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let mut filter = lease::free();
            filter.extend(doc! { "status": { "$in": ["QUEUED", "STREAMING"] }, "origin.kind": "step" });
            if let Some(after) = after {
                filter.insert("_id", doc! { "$gt": after });
            }
            let batch = self.unfinished(filter, Some(BATCH)).await?;
            let Some(last) = batch.last() else { return Ok(()) };
            after = Some(last.id);
            let steps: Vec<_> = batch.iter().map(|generation| generation.origin.execution_step_id).collect();
            let needed = self.is_needed(&steps).await?;
            for generation in batch {
                if needed.contains(&generation.origin.execution_step_id) {
                    continue;
                }
                let outcome = if generation.abort_requested_at.is_some() {
                    Outcome::aborted()
                } else {
                    Outcome::failed("ABANDONED", "the step of this generation did not continue")
                };
                self.end_orphan(generation.id, outcome).await?;
            }
        }
    }

    /// Those of these steps that have not ended.
    pub(super) async fn is_needed(
        &self,
        steps: &[ExecutionStepId],
    ) -> Result<HashSet<ExecutionStepId>, StoreError> {
        let running: Vec<ExecutionStepId> = execution_step::Entity::across_tenants()
            .filter(execution_step::Column::Id.any_of(steps))
            .filter(execution_step::Column::FinishedAt.is_null())
            .select_only()
            .column(execution_step::Column::Id)
            .into_tuple()
            .all(&self.stores.pg)
            .await?;
        Ok(running.into_iter().collect())
    }

    /// Notes that the worker of a generation should stop it.
    async fn request_abort(&self, id: GenerationId) -> Result<(), StoreError> {
        let running = doc! {
            "_id": id, "status": { "$in": ["QUEUED", "STREAMING"] }, "abortRequestedAt": Bson::Null,
        };
        let update = doc! { "$set": { "abortRequestedAt": to_bson(self.clock.now()) } };
        in_time(self.stores.documents::<Generation>().across_tenants().update_one(running, update)).await?;
        Ok(())
    }

    /// Ends a generation that no worker runs.
    async fn end_orphan(&self, id: GenerationId, outcome: Outcome) -> Result<(), StoreError> {
        let claim = self.try_claim(id, self.clock.new_uuid(), LEASE, &["QUEUED", "STREAMING"]).await?;
        let Some(claim) = claim else { return Ok(()) };
        if let Finished::Fenced = self.finish(&claim, outcome).await? {
            tracing::debug!(generation.id = %id, "a generation without a step was claimed by a worker");
        }
        Ok(())
    }

    async fn unfinished(&self, filter: Document, limit: Option<i64>) -> Result<Vec<Unfinished>, StoreError> {
        let generations = self.stores.documents::<Generation>().across_tenants();
        let collection = generations.clone_with_type::<Unfinished>();
        let fields = doc! { "origin.executionStepId": 1, "abortRequestedAt": 1 };
        let mut find = collection.find(filter).projection(fields);
        if let Some(limit) = limit {
            find = find.sort(doc! { "_id": 1 }).limit(limit);
        }
        all(find).await
    }
}
