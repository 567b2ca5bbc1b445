//! Removes generations whose origin is deleted. Their usage remains.

use mongodb::bson::doc;
use triptych_entities::{
    documents::conversations::generation::Generation,
    ids::{ExecutionId, GenerationId, OrganizationId},
};
use triptych_stores::{
    collections::{all, in_time},
    error::StoreError,
    live::Topic,
};

use super::Generations;

impl Generations {
    /// Removes the generations of the AI steps of these executions.
    ///
    /// # Errors
    /// If `MongoDB` does not answer; it may be repeated.
    pub(crate) async fn remove_of_executions(
        &self,
        organization: OrganizationId,
        executions: &[ExecutionId],
    ) -> Result<(), StoreError> {
        // `$exists` is required for the query to use the partial index.
        let filter = doc! {
            "organizationId": organization,
            "origin.executionId": { "$in": executions.to_vec(), "$exists": true },
        };
        let found = self.leases(filter, None).await?;
        self.remove(organization, &found.into_iter().map(|(id, _)| id).collect::<Vec<_>>()).await
    }

    /// Removes some of the generations of an organization. Returns their number.
    ///
    /// # Errors
    /// If `MongoDB` does not answer; it may be repeated.
    pub(crate) async fn remove_of_organization(
        &self,
        organization: OrganizationId,
        limit: u64,
    ) -> Result<u64, StoreError> {
        #[derive(serde::Deserialize)]
        struct Found {
            #[serde(rename = "_id")]
            id: GenerationId,
        }
        let generations = self.stores.documents::<Generation>().across_tenants().clone_with_type::<Found>();
        let found = generations
            .find(doc! { "organizationId": organization })
            .projection(doc! { "_id": 1 })
            .limit(i64::try_from(limit).unwrap_or(i64::MAX));
        let ids: Vec<_> = all(found).await?.into_iter().map(|found| found.id).collect();
        self.remove(organization, &ids).await?;
        Ok(ids.len().try_into().unwrap_or(u64::MAX))
    }

    /// Removes generations and their streams.
    ///
    /// # Errors
    /// If `MongoDB` does not answer; it may be repeated.
    pub(crate) async fn remove(
        &self,
        organization: OrganizationId,
        ids: &[GenerationId],
    ) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        let topics: Vec<Topic> = ids.iter().map(Topic::of).collect();
        self.live.remove(&topics).await;
        let filter = doc! { "_id": { "$in": ids.to_vec() }, "organizationId": organization };
        in_time(self.stores.documents::<Generation>().across_tenants().delete_many(filter)).await?;
        Ok(())
    }
}
