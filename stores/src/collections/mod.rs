//! The generic store over a collection, with time limits, transactions and indexes. Documents and their indexes are
//! declared in `entities`.

mod bulk;
mod changes;
mod documents;
mod indexes;
mod removal;
mod transaction;
mod unique;

pub use bulk::BulkItem;
pub use changes::{Change, Changes};
pub use documents::Documents;
pub use indexes::Indexes;
pub use unique::UniqueRules;

use std::{future::IntoFuture, time::Duration};

use futures::TryStreamExt as _;
use mongodb::{Cursor, error::ErrorKind};
use serde::de::DeserializeOwned;

use crate::error::StoreError;

/// Time limit of one call to `MongoDB`.
const DEADLINE: Duration = Duration::from_secs(15);

/// Waits for MongoDB within the time limit.
pub async fn in_time<T>(call: impl IntoFuture<Output = mongodb::error::Result<T>>) -> Result<T, StoreError> {
    match tokio::time::timeout(DEADLINE, call.into_future()).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(StoreError::Timeout("MongoDB")),
    }
}

/// Collects all results of a query.
pub async fn all<T: DeserializeOwned + Send + Unpin + Sync>(
    query: impl IntoFuture<Output = mongodb::error::Result<Cursor<T>>>,
) -> Result<Vec<T>, StoreError> {
    in_time(async move { query.await?.try_collect().await }).await
}

/// Whether a write failed because a document with the same unique key exists.
pub fn is_duplicate(error: &mongodb::error::Error) -> bool {
    use mongodb::error::WriteFailure;
    const DUPLICATE_KEY: i32 = 11000;
    match &*error.kind {
        ErrorKind::Write(WriteFailure::WriteError(error)) => error.code == DUPLICATE_KEY,
        ErrorKind::InsertMany(errors) => {
            errors.write_errors.iter().flatten().any(|error| error.code == DUPLICATE_KEY)
        }
        ErrorKind::Command(error) => error.code == DUPLICATE_KEY,
        _ => false,
    }
}
