//! Writes to a topic. Each append is one script, so that the stream and the announcement agree.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use redis::{
    Script,
    streams::{StreamId, StreamRangeReply},
};
use triptych_entities::payloads::{EventRole, LiveEvent};

use super::{Cursor, Entry, Live, Position, Topic};
use crate::error::StoreError;

/// Entries that a stream keeps. A writer of a longer stream inserts a snapshot before that many.
const MAX_ENTRIES: usize = 20_000;
/// Seconds that a stream is kept after its last entry.
const TTL_SECONDS: usize = 24 * 3600;

/// The outcome of an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    Stored,
    /// A writer with a higher epoch has appended: stop.
    Fenced,
    /// The stream is gone, or has lost its end. Append a snapshot with `create`.
    Lost,
}

/// KEYS: stream. ARGV: channel, create (0/1), epoch, first seq, max entries, ttl, payloads….
/// A repeated append returns `stored` again, so that a writer can retry after a lost reply.
static APPEND: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local epoch, seq = tonumber(ARGV[3]), tonumber(ARGV[4])
local count = #ARGV - 6
local top = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local stored = 0
if #top > 0 then
  local e, s = string.match(top[1][1], '^(%d+)%-(%d+)$')
  e, s = tonumber(e), tonumber(s)
  if e == epoch and s == seq + count - 1 then return 'stored' end
  if e > epoch or (e == epoch and s >= seq) then return 'fenced' end
  if e == epoch then stored = s end
end
if ARGV[2] == '0' and stored ~= seq - 1 then return 'lost' end
for i = 1, count do
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[5], epoch .. '-' .. (seq + i - 1), 'e', ARGV[6 + i])
end
redis.call('EXPIRE', KEYS[1], ARGV[6])
redis.call('PUBLISH', ARGV[1], epoch .. ' ' .. seq .. '\n' .. table.concat(ARGV, '\n', 7))
return 'stored'
",
    )
});

/// KEYS: stream. ARGV: channel, epoch for a new stream, max entries, ttl, payloads….
/// The script numbers the entries, for topics with several writers.
static APPEND_NEXT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local top = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local epoch, seq = ARGV[2], 0
if #top > 0 then epoch, seq = string.match(top[1][1], '^(%d+)%-(%d+)$') end
for i = 5, #ARGV do
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[3], epoch .. '-' .. (seq + i - 4), 'e', ARGV[i])
end
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('PUBLISH', ARGV[1], epoch .. ' ' .. (seq + 1) .. '\n' .. table.concat(ARGV, '\n', 5))
return 'stored'
",
    )
});

impl Live {
    /// Appends payloads from the position `first`, which the only writer of the epoch chooses. `create` is for the first
    /// append of an epoch and for a snapshot after [`Appended::Lost`]; without it, the payloads must continue the stream.
    ///
    /// # Errors
    /// If Redis does not answer. The same call may be repeated.
    pub async fn append(
        &self,
        topic: &Topic,
        first: Position,
        payloads: &[String],
        create: bool,
    ) -> Result<Appended, StoreError> {
        let key = self.key(topic);
        let mut call = APPEND.key(&key);
        call.arg(&key)
            .arg(u8::from(create))
            .arg(first.epoch)
            .arg(first.seq)
            .arg(MAX_ENTRIES)
            .arg(TTL_SECONDS)
            .arg(payloads);
        let outcome: String = call.invoke_async(&mut self.connection.clone()).await?;
        Ok(match outcome.as_str() {
            "stored" => Appended::Stored,
            "lost" => Appended::Lost,
            _ => Appended::Fenced,
        })
    }

    /// Appends events at the next positions, for topics with several writers. Call it after the commit: followers
    /// recover events that could not be appended from the database.
    pub async fn publish<E: LiveEvent>(&self, topic: &Topic, now: DateTime<Utc>, events: &[E]) {
        if events.is_empty() {
            return;
        }
        if let Err(error) = self.append_next(topic, now, events).await {
            tracing::warn!(%topic, %error, "live events were not appended");
            return;
        }
        if events.iter().any(|event| event.role() == EventRole::Ends) {
            // If this fails, the stream is kept for its full time.
            let _ = self.finish(topic).await;
        }
    }

    async fn append_next<E: LiveEvent>(
        &self,
        topic: &Topic,
        now: DateTime<Utc>,
        events: &[E],
    ) -> Result<(), StoreError> {
        let payloads: Vec<String> =
            events.iter().map(serde_json::to_string).collect::<Result<_, _>>().map_err(StoreError::from)?;
        let key = self.key(topic);
        let mut call = APPEND_NEXT.key(&key);
        // The epoch of a stream that is created after a loss is higher than that of every earlier cursor.
        call.arg(&key).arg(now.timestamp_millis()).arg(MAX_ENTRIES).arg(TTL_SECONDS).arg(payloads);
        let _: String = call.invoke_async(&mut self.connection.clone()).await?;
        Ok(())
    }

    /// Returns the last entry of a stream, if there is a stream.
    pub(super) async fn last(&self, topic: &Topic) -> Result<Option<Entry>, StoreError> {
        self.last_of(&self.key(topic)).await
    }

    /// As [`Live::last`], by the key of the stream.
    pub(super) async fn last_of(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        let mut call = redis::cmd("XREVRANGE");
        call.arg(key).arg("+").arg("-").arg("COUNT").arg(1);
        let reply: StreamRangeReply = call.query_async(&mut self.connection.clone()).await?;
        reply.ids.first().map(Entry::stored).transpose()
    }

    /// Returns the entries up to and including that of the cursor; none if the stream does not have that entry.
    pub(super) async fn until(&self, topic: &Topic, cursor: Cursor) -> Result<Vec<Entry>, StoreError> {
        let mut call = redis::cmd("XRANGE");
        call.arg(self.key(topic)).arg("-").arg(cursor.position.to_string());
        let reply: StreamRangeReply = call.query_async(&mut self.connection.clone()).await?;
        let entries: Vec<Entry> = reply.ids.iter().map(Entry::stored).collect::<Result<_, _>>()?;
        let checked = cursor.checksum.is_some();
        Ok(if entries.last().is_some_and(|last| last.cursor(checked) == cursor) {
            entries
        } else {
            Vec::new()
        })
    }

    /// Deletes the stream of a subject that is restarted. The next append starts a later epoch.
    ///
    /// # Errors
    /// If Redis does not answer.
    pub async fn restart(&self, topic: &Topic) -> Result<(), StoreError> {
        let key = self.key(topic);
        let mut connection = self.connection.clone();
        redis::cmd("DEL").arg(&key).exec_async(&mut connection).await?;
        Ok(())
    }

    /// Deletes the streams of deleted subjects. What cannot be deleted expires.
    pub async fn remove(&self, topics: &[Topic]) {
        let mut unlink = redis::pipe();
        for topic in topics {
            unlink.unlink(self.key(topic)).ignore();
        }
        if let Err(error) = unlink.exec_async(&mut self.connection.clone()).await {
            tracing::warn!(%error, "live streams of deleted subjects were not deleted");
        }
    }

    /// Shortens the time for which a finished stream is kept.
    ///
    /// # Errors
    /// If Redis does not answer. The stream is then kept for its full time.
    pub async fn finish(&self, topic: &Topic) -> Result<(), StoreError> {
        let key = self.key(topic);
        let mut connection = self.connection.clone();
        redis::cmd("EXPIRE")
            .arg(key)
            .arg(self.finished_ttl.as_secs().max(1))
            .exec_async(&mut connection)
            .await?;
        Ok(())
    }
}

impl Entry {
    /// An entry as the scripts have stored it.
    pub(super) fn stored(entry: &StreamId) -> Result<Self, StoreError> {
        match (entry.id.parse(), entry.get("e")) {
            (Ok(position), Some(payload)) => Ok(Self { position, payload }),
            _ => Err(StoreError::Corrupt(format!("stream entry {}", entry.id))),
        }
    }
}
