//! What the collections of `MongoDB` have in common: typed handles, deadlines, transactions and indexes.
//!
//! Knows no domain; the domains' documents and indexes are declared in `entities`.

mod indexes;
mod transaction;

pub use indexes::Indexes;
pub use transaction::transaction;

use std::{future::IntoFuture, time::Duration};

use futures::TryStreamExt as _;
use mongodb::{Collection, Cursor, error::ErrorKind};
use serde::de::DeserializeOwned;
use triptych_entities::documents::conversations::{generation, message, thread, usage_event};

use crate::{connections::Stores, error::StoreError};

/// How long one call to `MongoDB` may take.
const DEADLINE: Duration = Duration::from_secs(15);

impl Stores {
    pub fn threads(&self) -> Collection<thread::Thread> {
        self.mongo.collection(thread::COLLECTION)
    }

    pub fn messages(&self) -> Collection<message::Message> {
        self.mongo.collection(message::COLLECTION)
    }

    pub fn generations(&self) -> Collection<generation::Generation> {
        self.mongo.collection(generation::COLLECTION)
    }

    pub fn usage_events(&self) -> Collection<usage_event::UsageEvent> {
        self.mongo.collection(usage_event::COLLECTION)
    }
}

/// Waits for `MongoDB`, but not for ever.
pub async fn in_time<T>(call: impl IntoFuture<Output = mongodb::error::Result<T>>) -> Result<T, StoreError> {
    match tokio::time::timeout(DEADLINE, call.into_future()).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(StoreError::Timeout("MongoDB")),
    }
}

/// Everything that a query finds.
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
