//! The streams that a driver reads.

use std::{future::Future, time::Duration};

use futures::stream::{BoxStream, StreamExt as _};

use crate::{
    error::StoreError,
    live::{Cursor, Entry, Live, LiveItem, Topic, turns::Turn},
};

/// Time limit of reading the last entry of the stream, or those before a cursor.
const READ_TIMEOUT: Duration = Duration::from_secs(2);

/// Time that a writer has to append an event after its commit. What is not in the stream by then is recovered.
pub(super) const PATIENCE: Duration = Duration::from_millis(500);

/// Where the driver reads streams. Tests read scripted ones.
pub(in crate::live) trait Source: Send + 'static {
    /// How long an event may be in the database before the stream.
    fn patience(&self) -> Duration {
        PATIENCE
    }

    /// Waits until this subscriber may read the database.
    fn turn(&self, kind: &'static str) -> impl Future<Output = Turn> + Send;

    fn items(
        &self,
        topic: Topic,
        after: Option<Cursor>,
        shared: bool,
    ) -> BoxStream<'static, Result<LiveItem, StoreError>>;

    fn last(&self, topic: &Topic) -> impl Future<Output = Result<Option<Entry>, StoreError>> + Send;

    /// The entries up to and including that of the cursor; none if the stream does not have that entry.
    fn until(
        &self,
        topic: &Topic,
        cursor: Cursor,
    ) -> impl Future<Output = Result<Vec<Entry>, StoreError>> + Send;
}

impl Source for Live {
    async fn turn(&self, kind: &'static str) -> Turn {
        self.turns.take(kind).await
    }

    fn items(
        &self,
        topic: Topic,
        after: Option<Cursor>,
        shared: bool,
    ) -> BoxStream<'static, Result<LiveItem, StoreError>> {
        self.follow(&topic, after, shared).boxed()
    }

    async fn last(&self, topic: &Topic) -> Result<Option<Entry>, StoreError> {
        let last = tokio::time::timeout(READ_TIMEOUT, Live::last(self, topic)).await;
        last.unwrap_or(Err(StoreError::Timeout("Redis")))
    }

    async fn until(&self, topic: &Topic, cursor: Cursor) -> Result<Vec<Entry>, StoreError> {
        let read = tokio::time::timeout(READ_TIMEOUT, Live::until(self, topic, cursor)).await;
        read.unwrap_or(Err(StoreError::Timeout("Redis")))
    }
}
