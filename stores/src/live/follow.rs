//! Reads a topic: the entries after a cursor, then new entries as they are published, in order and without duplicates.

use std::{collections::VecDeque, time::Duration};

use futures::stream::{self, Stream, StreamExt as _};
use redis::streams::StreamRangeReply;
use tokio::sync::broadcast::error::RecvError;

use super::{
    Entry, Live, Position, Topic,
    hub::{Announcement, Subscription},
};
use crate::error::StoreError;

/// After this time without an announcement the stream is read, in case an announcement was lost.
const QUIET: Duration = Duration::from_secs(2);
/// Entries that one read of the stream returns at most.
const BATCH: usize = 500;

/// What a follower receives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveItem {
    /// The next entry. It does not continue the entry before it if the stream has lost entries.
    Entry(Entry),
    /// All entries have been delivered and none was published for a while. The stream may also be gone.
    Quiet,
}

struct Follower {
    live: Live,
    key: String,
    last: Option<Position>,
    subscription: Subscription,
    ready: VecDeque<LiveItem>,
    /// Whether the stream may contain entries whose announcement was missed.
    behind: bool,
    /// The stream was not read yet. If it is empty, the caller learns so at once.
    fresh: bool,
}

impl Live {
    /// The entries after `after`, or all of them without it, then new entries. Never ends by itself, and can be
    /// polled again after an error.
    pub(super) fn follow(
        &self,
        topic: Topic,
        after: Option<Position>,
    ) -> impl Stream<Item = Result<LiveItem, StoreError>> + Send + use<> {
        let live = self.clone();
        let key = live.key(&topic);
        let start = async move {
            // Subscribes before it reads, so that entries in between arrive twice and are dropped once.
            let subscription = live.hub.subscribe(key.clone()).await;
            Follower {
                live,
                key,
                last: after,
                subscription,
                ready: VecDeque::new(),
                behind: true,
                fresh: true,
            }
        };
        stream::once(start).flat_map(|follower| {
            stream::unfold(follower, |mut follower| async move {
                let item = follower.next().await;
                Some((item, follower))
            })
        })
    }
}

impl Follower {
    async fn next(&mut self) -> Result<LiveItem, StoreError> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Ok(item);
            }
            if self.behind {
                self.catch_up().await?;
                if std::mem::take(&mut self.fresh) && self.ready.is_empty() {
                    return Ok(LiveItem::Quiet);
                }
                continue;
            }
            match tokio::time::timeout(QUIET, self.subscription.receiver.recv()).await {
                Ok(Ok(Announcement::Entries(entries))) => self.take_announced(&entries),
                Ok(Ok(Announcement::Resync) | Err(RecvError::Lagged(_) | RecvError::Closed)) => {
                    self.behind = true;
                }
                Err(_) => {
                    self.catch_up().await?;
                    if self.ready.is_empty() {
                        return Ok(LiveItem::Quiet);
                    }
                }
            }
        }
    }

    fn take_announced(&mut self, entries: &[Entry]) {
        for entry in entries {
            match self.last {
                Some(last) if entry.position <= last => {}
                Some(last) if last.precedes(entry.position) => self.take(entry.clone()),
                None if entry.position.seq == 1 => self.take(entry.clone()),
                _ => {
                    self.behind = true;
                    return;
                }
            }
        }
    }

    fn take(&mut self, entry: Entry) {
        self.last = Some(entry.position);
        self.ready.push_back(LiveItem::Entry(entry));
    }

    /// Reads the entries after the last one from the stream.
    async fn catch_up(&mut self) -> Result<(), StoreError> {
        let start = self.last.map_or_else(|| "-".to_owned(), |last| format!("({last}"));
        let mut connection = self.live.connection.clone();
        let reply: StreamRangeReply = redis::cmd("XRANGE")
            .arg(&self.key)
            .arg(start)
            .arg("+")
            .arg("COUNT")
            .arg(BATCH)
            .query_async(&mut connection)
            .await?;
        self.behind = reply.ids.len() == BATCH;
        for id in reply.ids {
            let (Ok(position), Some(payload)) = (id.id.parse::<Position>(), id.get::<String>("e")) else {
                return Err(StoreError::Corrupt(format!("stream entry {}", id.id)));
            };
            self.take(Entry { position, payload });
        }
        Ok(())
    }
}
