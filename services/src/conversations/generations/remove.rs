//! Removes generations whose origin is deleted.

use mongodb::bson::doc;
use triptych_entities::{
    documents::conversations::generation::Generation,
    ids::{ExecutionId, OrganizationId},
};
use triptych_stores::{collections::in_time, error::StoreError};

use super::Generations;

impl Generations {
    /// Removes the generations of the AI steps of these executions. Their usage remains.
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
        in_time(self.stores.documents::<Generation>().across_tenants().delete_many(filter)).await?;
        Ok(())
    }
}
