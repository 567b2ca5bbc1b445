//! Reads a topic: the entries after a cursor, then new entries as they are published, in order and without duplicates.

use std::{collections::VecDeque, time::Duration};

use futures::stream::{self, Stream};
use redis::streams::StreamRangeReply;
use tokio::{sync::broadcast::error::RecvError, time::Instant};

use super::{
    Cursor, Entry, Live, Topic,
    channels::{Announcement, Subscription},
};
use crate::error::StoreError;

/// Entries that one read of the stream returns at most.
const BATCH: usize = 500;
/// Pauses after failed reads of the stream: the first, and the longest.
const RETRY_DELAY: Duration = Duration::from_millis(500);
const LONGEST_RETRY_DELAY: Duration = Duration::from_secs(8);

/// What a follower receives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveItem {
    /// The next entry. It does not continue the entry before it if the stream has lost entries.
    Entry(Entry),
    /// The last entry is not in the stream any more, or another one has its position. The entries after this cursor
    /// follow, or, if there is no stream, those of a later one.
    Lost(Option<Cursor>),
    /// All entries have been delivered, and the subject may have changed in the database. The stream may be gone.
    Quiet,
}

struct Follower {
    live: Live,
    key: String,
    last: Option<Cursor>,
    /// Whether the stream has several writers.
    shared: bool,
    subscription: Subscription,
    ready: VecDeque<LiveItem>,
    /// Whether the stream may contain entries whose announcement was missed.
    behind: bool,
    /// The stream was not read yet. If it is empty, the caller learns so at once.
    fresh: bool,
    /// The pause after the last failed read of the stream, and its end.
    failed: Option<(Duration, Instant)>,
}

impl Live {
    /// The entries after `after`, or all of them without it, then new entries. `shared` if the stream has several
    /// writers. Never ends by itself, and can be polled again after an error.
    pub(super) fn follow(
        &self,
        topic: &Topic,
        after: Option<Cursor>,
        shared: bool,
    ) -> impl Stream<Item = Result<LiveItem, StoreError>> + Send + use<> {
        let key = self.key(topic);
        // Subscribes before it reads, so that entries in between arrive twice and are dropped once.
        let subscription = self.channels.follow(&key, topic.subject());
        let follower = Follower {
            live: self.clone(),
            key,
            last: after,
            shared,
            behind: subscription.subscribed,
            subscription,
            ready: VecDeque::new(),
            fresh: true,
            failed: None,
        };
        stream::unfold(follower, |mut follower| async move {
            let item = follower.next().await;
            Some((item, follower))
        })
    }
}

impl Follower {
    async fn next(&mut self) -> Result<LiveItem, StoreError> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Ok(item);
            }
            if self.behind && self.failed.is_none_or(|(_, until)| until <= Instant::now()) {
                self.catch_up().await?;
                if std::mem::take(&mut self.fresh) && self.ready.is_empty() {
                    return Ok(LiveItem::Quiet);
                }
                continue;
            }
            let announced = match self.failed.filter(|_| self.behind) {
                None => self.subscription.receiver.recv().await,
                Some((_, until)) => {
                    match tokio::time::timeout_at(until, self.subscription.receiver.recv()).await {
                        Ok(announced) => announced,
                        Err(_) => continue,
                    }
                }
            };
            match announced {
                Ok(Announcement::Entries(entries)) => self.take_announced(&entries),
                Ok(Announcement::Resync) => {
                    // Redis answers again.
                    self.failed = None;
                    self.behind = true;
                }
                Err(RecvError::Lagged(_) | RecvError::Closed) => self.behind = true,
                Ok(Announcement::Changed) if self.behind => return Ok(LiveItem::Quiet),
                Ok(Announcement::Changed) => {
                    self.catch_up().await?;
                    if self.ready.is_empty() {
                        return Ok(LiveItem::Quiet);
                    }
                }
            }
        }
    }

    fn take_announced(&mut self, entries: &[Entry]) {
        if self.last.is_some_and(|last| is_other(last, entries)) {
            self.behind = true;
            return;
        }
        for entry in entries {
            match self.last {
                Some(last) if entry.position <= last.position => {}
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
        self.last = Some(entry.cursor(self.shared));
        self.ready.push_back(LiveItem::Entry(entry));
    }

    /// Reads the entries after the last one from the stream. After a failure the next attempt is made later.
    async fn catch_up(&mut self) -> Result<(), StoreError> {
        // Boxed: a follower that waits should not hold the memory of a request.
        let read = Box::pin(self.read()).await;
        self.failed = read.is_err().then(|| {
            let delay = self.failed.map_or(RETRY_DELAY, |(last, _)| (last * 2).min(LONGEST_RETRY_DELAY));
            (delay, Instant::now() + delay)
        });
        // What a failed read did not bring is still to be read.
        self.behind |= read.is_err();
        read
    }

    async fn read(&mut self) -> Result<(), StoreError> {
        // A last entry with a checksum is read again, to see that it is still the same.
        let checked = self.last.filter(|last| last.checksum.is_some());
        let start = match (self.last, checked) {
            (None, _) => "-".to_owned(),
            (Some(_), Some(last)) => last.position.to_string(),
            (Some(last), None) => format!("({}", last.position),
        };
        let mut connection = self.live.connection.clone();
        let reply: StreamRangeReply = redis::cmd("XRANGE")
            .arg(&self.key)
            .arg(start)
            .arg("+")
            .arg("COUNT")
            .arg(BATCH)
            .query_async(&mut connection)
            .await?;
        let entries: Vec<Entry> = reply.ids.iter().map(Entry::stored).collect::<Result<_, _>>()?;
        let mut unread = entries.as_slice();
        if let Some(last) = checked {
            match entries.first() {
                Some(first) if first.cursor(true) == last => unread = &entries[1..],
                // A stream that was created after a loss.
                Some(first) if first.position.epoch > last.position.epoch => {}
                _ => return self.lost(last).await,
            }
        }
        self.behind = entries.len() == BATCH;
        for entry in unread {
            self.take(entry.clone());
        }
        Ok(())
    }

    /// Continues from the end of the stream.
    async fn lost(&mut self, last: Cursor) -> Result<(), StoreError> {
        let end = self.live.last_of(&self.key).await?.map(|entry| entry.cursor(true));
        self.behind = false;
        self.last = end.or(Some(last.unchecked()));
        self.ready.push_back(LiveItem::Lost(end));
        Ok(())
    }
}

/// Whether announced entries that do not come after the last one may be others than those that were received.
fn is_other(last: Cursor, entries: &[Entry]) -> bool {
    if last.checksum.is_none() || entries.first().is_none_or(|first| first.position > last.position) {
        return false;
    }
    let same = entries.iter().find(|entry| entry.position == last.position);
    same.is_none_or(|entry| entry.cursor(true) != last)
}
