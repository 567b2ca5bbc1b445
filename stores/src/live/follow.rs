//! Reading a topic: everything after a cursor, then whatever comes, with no gap and no duplicate.

use std::{collections::VecDeque, time::Duration};

use futures::stream::{self, Stream, StreamExt as _};
use redis::streams::StreamRangeReply;
use tokio::sync::broadcast::error::RecvError;

use super::{
    Entry, Live, Position, Topic,
    hub::{Announcement, Subscription},
};
use crate::error::StoreError;

/// After this long without news the stream itself is looked at, in case an announcement was lost.
const QUIET: Duration = Duration::from_secs(2);
/// Entries read from the stream at a time.
const BATCH: usize = 500;

/// What a follower gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveItem {
    /// The next entry.
    Entry(Entry),
    /// Entries before the next one are lost: trimmed, expired, or gone with Redis.
    Gap,
    /// All there is has been delivered and nothing has come for a while. The stream may also be gone.
    Quiet,
}

struct Follower {
    live: Live,
    key: String,
    last: Option<Position>,
    subscription: Subscription,
    ready: VecDeque<LiveItem>,
    /// Whether the stream may hold entries that were not announced to us.
    behind: bool,
    /// Nothing was looked at yet. If the stream turns out to be empty, the caller hears so at once.
    fresh: bool,
}

impl Live {
    /// Everything after `after` (from the beginning when absent), then whatever comes. Never ends by itself.
    pub fn follow(
        &self,
        topic: Topic,
        after: Option<Position>,
    ) -> impl Stream<Item = Result<LiveItem, StoreError>> + Send + use<> {
        let live = self.clone();
        let key = live.key(&topic);
        let start = async move {
            // Subscribe first, read second: what falls in between is seen twice and dropped once.
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
                Some(last) if last.is_followed_by(entry.position) => self.take(entry.clone()),
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

    /// Reads on in the stream itself. What still does not fit on is lost, and said so.
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
            let fits = self.last.map_or(position.seq == 1, |last| last.is_followed_by(position));
            if !fits {
                self.ready.push_back(LiveItem::Gap);
            }
            self.take(Entry { position, payload });
        }
        Ok(())
    }
}
