//! Bulk writes, unordered: a failed write does not prevent the others.

use std::collections::HashSet;

use bson::{Document, doc};
use mongodb::error::ErrorKind;
use serde::Deserialize;
use triptych_entities::documents::collection::Collection;

use super::{
    Changes, Documents,
    documents::{bson_ids, corrupt},
    in_time,
};
use crate::{access::Scope, error::StoreError};

/// Maximum number of writes in one command. The server takes up to 100,000, in messages of up to 48 MB.
const BATCH: usize = 1_000;
const DUPLICATE_KEY: i32 = 11_000;

/// The outcome of one write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BulkItem {
    Written,
    /// A unique index already contains its values.
    Duplicate,
    /// The document does not exist or is out of scope.
    NotFound,
    /// The server refused it, for this reason.
    Refused(String),
}

#[derive(Deserialize)]
struct UpdateReply {
    #[serde(default, rename = "writeErrors")]
    errors: Vec<WriteError>,
}

#[derive(Deserialize)]
struct WriteError {
    index: usize,
    code: i32,
    errmsg: String,
}

impl BulkItem {
    fn of_error(code: i32, message: String) -> Self {
        if code == DUPLICATE_KEY { Self::Duplicate } else { Self::Refused(message) }
    }
}

impl<C: Collection> Documents<C> {
    /// Inserts documents. Returns the outcome of each, in their order.
    ///
    /// # Errors
    /// If `MongoDB` does not answer. Some documents may be stored; a repeated call finds them.
    pub async fn insert_many(&self, documents: &[C]) -> Result<Vec<BulkItem>, StoreError> {
        self.unique.ensure().await?;
        let mut items = vec![BulkItem::Written; documents.len()];
        for (batch, start) in documents.chunks(BATCH).zip((0..).step_by(BATCH)) {
            match in_time(self.raw.insert_many(batch).ordered(false)).await {
                Ok(_) => {}
                Err(StoreError::Mongo(error)) => match &*error.kind {
                    ErrorKind::InsertMany(failed) if failed.write_concern_error.is_none() => {
                        for error in failed.write_errors.iter().flatten() {
                            items[start + error.index] =
                                BulkItem::of_error(error.code, error.message.clone());
                        }
                    }
                    _ => return Err(StoreError::Mongo(error)),
                },
                Err(error) => return Err(error),
            }
        }
        Ok(items)
    }

    /// Updates documents, each with its own changes. Returns the outcome of each, in their order.
    ///
    /// # Errors
    /// If `MongoDB` does not answer; the call may be repeated.
    pub async fn patch_many(
        &self,
        scope: Scope,
        patches: Vec<(C::Id, Changes)>,
    ) -> Result<Vec<BulkItem>, StoreError> {
        let ids: Vec<C::Id> = patches.iter().map(|(id, _)| *id).collect();
        let reached: HashSet<C::Id> = self.by_ids(scope, &ids).await?.iter().map(Collection::id).collect();
        let mut items: Vec<BulkItem> = ids
            .iter()
            .map(|id| if reached.contains(id) { BulkItem::Written } else { BulkItem::NotFound })
            .collect();
        let updates: Vec<(usize, Document)> = patches
            .into_iter()
            .enumerate()
            .filter(|(_, (id, _))| reached.contains(id))
            .map(|(place, (id, changes))| {
                let filter = doc! { "_id": id, "organizationId": scope.organization() };
                (place, doc! { "q": filter, "u": changes.into_update(C::VERSIONED) })
            })
            .collect();
        for batch in updates.chunks(BATCH) {
            let commands: Vec<_> = batch.iter().map(|(_, update)| update.clone()).collect();
            let command = doc! { "update": C::NAME, "updates": commands, "ordered": false };
            let reply = in_time(self.db.run_command(command)).await?;
            let reply: UpdateReply =
                bson::deserialize_from_document(reply).map_err(|error| corrupt(&error))?;
            for error in reply.errors {
                if let Some((place, _)) = batch.get(error.index) {
                    items[*place] = BulkItem::of_error(error.code, error.errmsg);
                }
            }
        }
        Ok(items)
    }

    /// Deletes documents. Returns their number.
    ///
    /// # Errors
    /// If `MongoDB` does not answer; the call may be repeated.
    pub async fn delete_many(&self, scope: Scope, ids: &[C::Id]) -> Result<u64, StoreError> {
        let reached: Vec<C::Id> = self.by_ids(scope, ids).await?.iter().map(Collection::id).collect();
        let filter = doc! { "_id": { "$in": bson_ids(&reached) }, "organizationId": scope.organization() };
        Ok(in_time(self.raw.delete_many(filter)).await?.deleted_count)
    }
}
