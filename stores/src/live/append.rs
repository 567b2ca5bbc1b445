//! Writing to a topic. Each append is one script, so the stream and the announcement cannot disagree.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use redis::Script;

use super::{Entry, Live, Position, Topic};
use crate::error::StoreError;

/// Entries a stream keeps; writers of long streams put a snapshot among them before that many.
const MAX_ENTRIES: usize = 20_000;
/// Seconds that a stream outlives its last entry.
const TTL_SECONDS: usize = 24 * 3600;
/// Seconds that a finished stream is kept for those who come back.
const FINISHED_TTL_SECONDS: usize = 3600;

/// What became of an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    Stored,
    /// Someone with a higher epoch writes now, or has finished: stop.
    Fenced,
    /// The stream is gone although it should exist. Append a snapshot with `create`.
    Lost,
}

/// KEYS: stream. ARGV: channel, create (0/1), epoch, first seq, max entries, ttl, payloads… .
/// Repeating an append that has happened is `stored` again, so a writer can retry after a lost reply.
static APPEND: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local epoch, seq = tonumber(ARGV[3]), tonumber(ARGV[4])
local count = #ARGV - 6
local top = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
if #top == 0 then
  if ARGV[2] == '0' then return 'lost' end
else
  local e, s = string.match(top[1][1], '^(%d+)%-(%d+)$')
  e, s = tonumber(e), tonumber(s)
  if e == epoch and s == seq + count - 1 then return 'stored' end
  if e > epoch or (e == epoch and s >= seq) then return 'fenced' end
end
for i = 1, count do
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[5], epoch .. '-' .. (seq + i - 1), 'e', ARGV[6 + i])
end
redis.call('EXPIRE', KEYS[1], ARGV[6])
redis.call('PUBLISH', ARGV[1], epoch .. ' ' .. seq .. '\n' .. table.concat(ARGV, '\n', 7))
return 'stored'
",
    )
});

/// KEYS: stream. ARGV: channel, epoch for a new stream, max entries, ttl, payloads… .
/// The stream itself numbers the entries, for topics that several writers append to.
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
    /// Appends payloads at positions that the writer, alone in its epoch, has chosen.
    /// `create` is for the first append of an epoch and for a snapshot after [`Appended::Lost`].
    ///
    /// # Errors
    /// If Redis does not answer; the same call may be repeated.
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

    /// Appends payloads at the next positions, whoever else appends.
    ///
    /// # Errors
    /// If Redis does not answer. What was to be told is in a database too, so callers may go on without.
    pub async fn append_next(
        &self,
        topic: &Topic,
        now: DateTime<Utc>,
        payloads: &[String],
    ) -> Result<(), StoreError> {
        let key = self.key(topic);
        let mut call = APPEND_NEXT.key(&key);
        // A stream that was lost begins again under a later epoch than any cursor of the old one.
        call.arg(&key).arg(now.timestamp_millis()).arg(MAX_ENTRIES).arg(TTL_SECONDS).arg(payloads);
        let _: String = call.invoke_async(&mut self.connection.clone()).await?;
        Ok(())
    }

    /// The place of a stream's last entry, if there is a stream.
    ///
    /// # Errors
    /// If Redis does not answer.
    pub async fn top(&self, topic: &Topic) -> Result<Option<Position>, StoreError> {
        Ok(self.last(topic).await?.map(|entry| entry.position))
    }

    /// A stream's last entry, if there is a stream.
    ///
    /// # Errors
    /// If Redis does not answer.
    pub async fn last(&self, topic: &Topic) -> Result<Option<Entry>, StoreError> {
        let mut connection = self.connection.clone();
        let mut call = redis::cmd("XREVRANGE");
        call.arg(self.key(topic)).arg("+").arg("-").arg("COUNT").arg(1);
        let reply: redis::streams::StreamRangeReply = call.query_async(&mut connection).await?;
        Ok(reply
            .ids
            .first()
            .and_then(|entry| Some(Entry { position: entry.id.parse().ok()?, payload: entry.get("e")? })))
    }

    /// Forgets a topic's stream, for a subject that starts over. What is appended next begins a later epoch.
    ///
    /// # Errors
    /// If Redis does not answer.
    pub async fn restart(&self, topic: &Topic) -> Result<(), StoreError> {
        let key = self.key(topic);
        let mut connection = self.connection.clone();
        redis::cmd("DEL").arg(&key).exec_async(&mut connection).await?;
        Ok(())
    }

    /// Lets a finished stream go sooner.
    ///
    /// # Errors
    /// If Redis does not answer; the stream then stays for its full time.
    pub async fn finish(&self, topic: &Topic) -> Result<(), StoreError> {
        let key = self.key(topic);
        let mut connection = self.connection.clone();
        redis::cmd("EXPIRE").arg(key).arg(FINISHED_TTL_SECONDS).exec_async(&mut connection).await?;
        Ok(())
    }
}
