//! Reading generations, never without the tenant.

use mongodb::bson::{Document, doc};
use triptych_entities::{
    documents::conversations::generation::Generation,
    ids::{ExecutionStepId, GenerationId},
};
use triptych_stores::{
    access::{Action, Actor, Reach, Subject},
    collections::{all, in_time},
    error::Denied,
};

use super::{GenerationError, Generations};

/// Answers in progress that one person is told about.
const MAX_ACTIVE: i64 = 100;

impl Generations {
    /// # Errors
    /// `NotFound` also for another's generation.
    pub async fn get(&self, actor: &Actor, id: GenerationId) -> Result<Generation, GenerationError> {
        let mut filter = visible(actor, Action::Read)?;
        filter.insert("_id", id);
        in_time(self.stores.generations().find_one(filter)).await?.ok_or(GenerationError::NotFound)
    }

    /// Those of the ids that the caller may see, in no particular order, in one query.
    ///
    /// # Errors
    /// `Denied` if the caller may see none at all.
    pub async fn by_ids(
        &self,
        actor: &Actor,
        ids: &[GenerationId],
    ) -> Result<Vec<Generation>, GenerationError> {
        let mut filter = visible(actor, Action::Read)?;
        filter.insert("_id", doc! { "$in": ids.to_vec() });
        Ok(all(self.stores.generations().find(filter)).await?)
    }

    /// The answers behind AI steps, by the steps' runs, in one query.
    ///
    /// # Errors
    /// `Denied` if the caller may see none at all.
    pub async fn by_execution_steps(
        &self,
        actor: &Actor,
        steps: &[ExecutionStepId],
    ) -> Result<Vec<Generation>, GenerationError> {
        let mut filter = visible(actor, Action::Read)?;
        // The index on steps is partial, and is used only when the filter says so.
        filter.insert("origin.executionStepId", doc! { "$in": steps.to_vec(), "$exists": true });
        Ok(all(self.stores.generations().find(filter)).await?)
    }

    /// The caller's own answers in progress, newest first.
    ///
    /// # Errors
    /// `Denied` if the caller may see none at all.
    pub async fn active(&self, actor: &Actor) -> Result<Vec<Generation>, GenerationError> {
        let mut filter = visible(actor, Action::Read)?;
        filter.insert("ownerId", actor.user);
        filter.insert("status", doc! { "$in": ["QUEUED", "STREAMING"] });
        let generations = self.stores.generations();
        let find = generations.find(filter).sort(doc! { "_id": -1 }).limit(MAX_ACTIVE);
        Ok(all(find).await?)
    }
}

/// What the caller may do this to: answers in threads by the permission on threads, answers to steps by that on
/// executions.
pub(super) fn visible(actor: &Actor, action: Action) -> Result<Document, Denied> {
    let threads = actor.require(action, Subject::Thread);
    let steps = actor.require(action, Subject::Execution);
    if let (Err(denied), Err(_)) = (threads, steps) {
        return Err(denied);
    }
    let arm = |kind: &str, reach: Result<Reach, Denied>| {
        let reach = reach.ok()?;
        let mut arm = doc! { "origin.kind": kind };
        if let Some(owner) = reach.owner() {
            arm.insert("ownerId", owner);
        }
        Some(arm)
    };
    let arms: Vec<Document> = [arm("thread", threads), arm("step", steps)].into_iter().flatten().collect();
    Ok(doc! { "organizationId": actor.organization, "$or": arms })
}
