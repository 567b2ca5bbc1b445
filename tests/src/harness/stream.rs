//! Live streams in Redis, changed as a loss of Redis or of a worker changes them.

use redis::{AsyncCommands as _, aio::MultiplexedConnection, streams::StreamRangeReply};

use super::World;

/// The stream of an execution or a generation.
pub struct StoredStream {
    connection: MultiplexedConnection,
    key: String,
}

impl StoredStream {
    pub async fn of(world: &World, id: &str) -> Self {
        let client = redis::Client::open(world.redis_url()).expect("a URL");
        let connection = client.get_multiplexed_async_connection().await.expect("Redis answers");
        Self { connection, key: format!("{}:live:{{{id}}}", world.config.redis.prefix) }
    }

    /// Keeps the first entries, as a replica would have them that did not receive the others.
    pub async fn keep(&mut self, count: usize) {
        let entries = self.entries().await;
        assert!(entries.ids.len() > count, "there are only {}", entries.ids.len());
        let mut again = redis::pipe();
        again.atomic().del(&self.key);
        for entry in &entries.ids[..count] {
            again.xadd(&self.key, &entry.id, &[("e", entry.get::<String>("e").expect("Redis answers"))]);
        }
        again.exec_async(&mut self.connection).await.expect("Redis answers");
    }

    /// Deletes the stream.
    pub async fn remove(&mut self) {
        let _: () = self.connection.del(&self.key).await.expect("Redis answers");
    }

    /// Refuses appends, and returns the stream.
    pub async fn block(&mut self) -> Vec<u8> {
        let dump: Vec<u8> =
            redis::cmd("DUMP").arg(&self.key).query_async(&mut self.connection).await.expect("Redis answers");
        let _: () = self.connection.set(&self.key, "not a stream").await.expect("Redis answers");
        dump
    }

    /// Appends an event, and announces it.
    pub async fn append(&mut self, event: &serde_json::Value) {
        let entries = self.entries().await;
        let (epoch, seq) = entries.ids.last().expect("an entry").id.split_once('-').expect("a position");
        let seq = seq.parse::<u64>().expect("a number") + 1;
        let mut append = redis::pipe();
        append.xadd(&self.key, format!("{epoch}-{seq}"), &[("e", event.to_string())]);
        append.publish(&self.key, format!("{epoch} {seq}\n{event}"));
        append.exec_async(&mut self.connection).await.expect("Redis answers");
    }

    async fn entries(&mut self) -> StreamRangeReply {
        self.connection.xrange_all(&self.key).await.expect("a stream")
    }

    /// Undoes [`StoredStream::block`].
    pub async fn unblock(&mut self, dump: Vec<u8>) {
        let mut call = redis::cmd("RESTORE");
        call.arg(&self.key).arg(0).arg(dump).arg("REPLACE");
        call.exec_async(&mut self.connection).await.expect("Redis answers");
    }
}
