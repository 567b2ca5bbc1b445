//! Counts and removes documents of any collection, for deletions that reach all of them.

use bson::{Document, doc};
use triptych_entities::documents::collection::CollectionInfo;

use super::{all, in_time};
use crate::{connections::Stores, error::StoreError};

impl Stores {
    /// Counts the documents of a collection that match.
    ///
    /// # Errors
    /// If `MongoDB` does not answer.
    pub async fn count_across_tenants(
        &self,
        of: &CollectionInfo,
        filter: Document,
    ) -> Result<u64, StoreError> {
        in_time(self.mongo.collection::<Document>(of.name).count_documents(filter)).await
    }

    /// Removes some of the documents of a collection that match. Returns their number.
    ///
    /// # Errors
    /// If `MongoDB` does not answer; it may be repeated.
    pub async fn remove_across_tenants(
        &self,
        of: &CollectionInfo,
        filter: Document,
        limit: u64,
    ) -> Result<u64, StoreError> {
        let collection = self.mongo.collection::<Document>(of.name);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let found = all(collection.find(filter).projection(doc! { "_id": 1 }).limit(limit)).await?;
        let ids: Vec<_> = found.into_iter().filter_map(|mut document| document.remove("_id")).collect();
        if ids.is_empty() {
            return Ok(0);
        }
        Ok(in_time(collection.delete_many(doc! { "_id": { "$in": ids } })).await?.deleted_count)
    }
}
