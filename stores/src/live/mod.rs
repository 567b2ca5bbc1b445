//! Live streams: what is happening now, kept in Redis for as long as someone may still want to catch up.
//!
//! A **topic** is one stream, of one execution or one generation. An entry's id is its **position**, `epoch-seq`:
//! within an epoch `seq` counts 1, 2, 3 …, so whoever reads can see whether something is missing, and Redis
//! itself refuses the entry of a writer whose epoch has passed. Each append also publishes the entries on a
//! channel of the topic. One connection a process listens to all the channels it needs (`hub`); a reader
//! replays the stream from its cursor and then goes on with what is published, filling any hole from the stream
//! (`follow`). Nothing here is the truth: when a stream is lost, its owner tells it again from a database.

mod append;
mod follow;
mod hub;
mod topic;

pub use append::Appended;
pub use follow::LiveItem;
pub use topic::{Entry, NotAPosition, Position, Topic};

use crate::error::StoreError;

/// Appends to topics and follows them.
#[derive(Clone)]
pub struct Live {
    connection: redis::aio::ConnectionManager,
    hub: hub::Hub,
    prefix: std::sync::Arc<str>,
}

impl Live {
    /// Connects to the `stream` deployment.
    ///
    /// # Errors
    /// If Redis does not answer.
    pub async fn connect(url: &str, prefix: &str) -> Result<Self, StoreError> {
        let client = redis::Client::open(url)?;
        let connection = crate::connections::redis_connection(&client).await?;
        Ok(Self { connection, hub: hub::Hub::spawn(client), prefix: prefix.into() })
    }

    /// The connection that live streams use.
    pub(crate) fn connection(&self) -> redis::aio::ConnectionManager {
        self.connection.clone()
    }

    fn key(&self, topic: &Topic) -> String {
        format!("{}:live:{topic}", self.prefix)
    }
}
