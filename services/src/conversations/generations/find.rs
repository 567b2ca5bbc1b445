//! Reads generations.

use mongodb::bson::{Document, doc};
use triptych_entities::{
    documents::conversations::generation::Generation,
    ids::{ExecutionStepId, GenerationId, OrganizationId},
};
use triptych_stores::{
    access::{Action, Actor, Subject},
    collections::{Documents, all, in_time},
    error::{Denied, Result, ServiceError},
};

use super::Generations;

/// Limit of generations in progress that are returned.
const MAX_ACTIVE: i64 = 100;

impl Generations {
    /// # Errors
    /// `NotFound`, also for the generation of another user.
    pub async fn get(&self, actor: &Actor, id: GenerationId) -> Result<Generation> {
        self.by_ids(actor, &[id]).await?.pop().ok_or(ServiceError::NotFound("generation"))
    }

    /// Those of the ids that the caller may see, in no particular order, in one query.
    ///
    /// # Errors
    /// `Denied` if the caller may see none at all.
    pub async fn by_ids(&self, actor: &Actor, ids: &[GenerationId]) -> Result<Vec<Generation>> {
        self.find(actor, doc! { "_id": { "$in": ids.to_vec() } }).await
    }

    /// The generations of AI steps, by the runs of the steps, in one query.
    ///
    /// # Errors
    /// `Denied` if the caller may see none at all.
    pub async fn by_execution_steps(
        &self,
        actor: &Actor,
        steps: &[ExecutionStepId],
    ) -> Result<Vec<Generation>> {
        // `$exists` is required for the query to use the partial index.
        self.find(actor, doc! { "origin.executionStepId": { "$in": steps.to_vec(), "$exists": true } }).await
    }

    /// The organization of a generation, for the job that runs it. `None` if the generation does not exist.
    ///
    /// # Errors
    /// If `MongoDB` does not answer.
    pub async fn organization(&self, id: GenerationId) -> Result<Option<OrganizationId>> {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Found {
            organization_id: OrganizationId,
        }
        let generations = self.stores.documents::<Generation>().across_tenants().clone_with_type::<Found>();
        let find = generations.find_one(doc! { "_id": id }).projection(doc! { "organizationId": 1 });
        Ok(in_time(find).await?.map(|found| found.organization_id))
    }

    /// The caller's own generations in progress, newest first.
    ///
    /// # Errors
    /// `Denied` if the caller may see none at all.
    pub async fn active(&self, actor: &Actor) -> Result<Vec<Generation>> {
        let mut filter = within(actor, Action::Read)?;
        filter.insert("ownerId", actor.user);
        filter.insert("status", doc! { "$in": ["QUEUED", "STREAMING"] });
        let generations = self.stores.documents::<Generation>().across_tenants();
        let find = generations.find(filter).sort(doc! { "_id": -1 }).limit(MAX_ACTIVE);
        Ok(all(find).await?)
    }

    async fn find(&self, actor: &Actor, narrow: Document) -> Result<Vec<Generation>> {
        let mut filter = within(actor, Action::Read)?;
        filter.extend(narrow);
        Ok(all(self.stores.documents::<Generation>().across_tenants().find(filter)).await?)
    }
}

/// The generations that the caller may do this to: those of threads by the permission on threads, those of steps by
/// the permission on executions.
pub(super) fn within(actor: &Actor, action: Action) -> Result<Document, Denied> {
    let threads = actor.scope(action, Subject::Thread);
    let steps = actor.scope(action, Subject::Execution);
    if let (Err(denied), Err(_)) = (threads, steps) {
        return Err(denied);
    }
    let arms = [("thread", threads), ("step", steps)].into_iter().filter_map(|(kind, scope)| {
        let mut arm = Documents::<Generation>::within(scope.ok()?);
        arm.insert("origin.kind", kind);
        Some(arm)
    });
    Ok(doc! { "organizationId": actor.organization, "$or": arms.collect::<Vec<_>>() })
}
