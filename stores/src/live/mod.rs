//! Live streams: current activity, kept in Redis for as long as a subscriber may have to catch up.
//!
//! A **topic** names one stream, that of one subject such as an execution or a generation. An entry's id is its
//! **position**, `epoch-seq`. Within an epoch `seq` counts 1, 2, 3 …, so that a reader recognizes missing entries
//! and Redis refuses entries of a writer whose epoch has passed. Each append also publishes the entries on the
//! topic's channel. One connection per process listens to all channels that it needs (`hub`). A reader replays the
//! stream from its cursor and continues with the published entries (`follow`).
//!
//! Streams are not authoritative. A **feed** declares how the database recovers what a stream lost ([`Feed`]), and
//! one driver serves all feeds to subscribers (`driver`, [`Live::open`]).

mod append;
mod driver;
mod feed;
mod follow;
mod hub;
mod topic;

use std::time::Duration;

pub use append::Appended;
pub use feed::{End, Envelope, EnvelopeOf, Feed, Lost};
use follow::LiveItem;
pub use topic::{Entry, NotAPosition, Position, Topic};

use crate::error::StoreError;

/// Appends to topics and serves feeds.
#[derive(Clone)]
pub struct Live {
    connection: redis::aio::ConnectionManager,
    hub: hub::Hub,
    prefix: std::sync::Arc<str>,
    /// Time that a finished stream is kept for subscribers that reconnect.
    finished_ttl: Duration,
}

impl Live {
    /// Connects to the `stream` deployment of Redis. Streams are kept for `finished_ttl` after their end.
    ///
    /// # Errors
    /// If Redis does not answer.
    pub async fn connect(url: &str, prefix: &str, finished_ttl: Duration) -> Result<Self, StoreError> {
        let client = redis::Client::open(url)?;
        let connection = crate::connections::redis_connection(&client).await?;
        Ok(Self { connection, hub: hub::Hub::spawn(client), prefix: prefix.into(), finished_ttl })
    }

    /// The connection that live streams use.
    pub(crate) fn connection(&self) -> redis::aio::ConnectionManager {
        self.connection.clone()
    }

    fn key(&self, topic: &Topic) -> String {
        format!("{}:live:{topic}", self.prefix)
    }
}
