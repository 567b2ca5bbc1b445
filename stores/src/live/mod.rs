//! Live streams: current activity, kept in Redis for as long as a subscriber may have to catch up.
//!
//! A **topic** names one stream, that of one subject such as an execution or a generation. An entry's id is its
//! **position**, `epoch-seq`. Within an epoch `seq` counts 1, 2, 3 …, so that a reader recognizes missing entries
//! and Redis refuses entries of a writer whose epoch has passed. Each append also publishes the entries on the
//! topic's channel. One connection per process (`hub`) listens to all channels that have followers (`channels`). A
//! reader replays the stream from its cursor and continues with the published entries (`follow`).
//!
//! Streams are not authoritative. A **feed** declares how the database recovers what a stream lost ([`Feed`]), and
//! one driver serves all feeds to subscribers (`driver`, [`Live::open`]). Changes that are not announced are found by one
//! task for all followers (`checks`, [`Live::oversee`]).

mod append;
mod channels;
mod checks;
mod driver;
mod feed;
mod follow;
mod hub;
mod topic;
mod turns;

pub use append::Appended;
pub use checks::{Marks, Overview};
pub use feed::{End, Envelope, EnvelopeOf, Feed, Lost};
use follow::LiveItem;
pub use topic::{Cursor, Entry, NotAPosition, Position, Topic};

use std::{sync::Arc, time::Duration};

use tokio::task::JoinSet;

use crate::error::StoreError;

/// Appends to topics and serves feeds.
#[derive(Clone)]
pub struct Live {
    connection: redis::aio::ConnectionManager,
    channels: channels::Channels,
    overviews: checks::Overviews,
    turns: turns::Turns,
    /// The connection and the checks. They end with the last clone.
    _tasks: Arc<JoinSet<()>>,
    prefix: Arc<str>,
    /// Time that a finished stream is kept for subscribers that reconnect.
    finished_ttl: Duration,
}

impl Live {
    /// Connects to the `stream` deployment of Redis. Streams are kept for `finished_ttl` after their end.
    ///
    /// # Errors
    /// If Redis does not answer.
    pub async fn connect(url: &str, prefix: &str, finished_ttl: Duration) -> Result<Self, StoreError> {
        let client = crate::connections::redis_client(url)?;
        let connection = crate::connections::redis_connection(&client).await?;
        let (channels, overviews) = (channels::Channels::default(), checks::Overviews::default());
        let mut tasks = JoinSet::new();
        tasks.spawn(hub::listen(client, channels.clone()));
        tasks.spawn(checks::run(channels.clone(), overviews.clone()));
        let (prefix, tasks) = (prefix.into(), Arc::new(tasks));
        let turns = turns::Turns::default();
        Ok(Self { connection, channels, overviews, turns, _tasks: tasks, prefix, finished_ttl })
    }

    /// Checks subjects whose ids have this prefix by reading their marks, while they are followed.
    pub fn oversee(&self, prefix: &'static str, overview: Arc<dyn Overview>) {
        self.overviews.insert(prefix, overview);
    }

    /// The connection that live streams use.
    pub(crate) fn connection(&self) -> redis::aio::ConnectionManager {
        self.connection.clone()
    }

    fn key(&self, topic: &Topic) -> String {
        format!("{}:live:{topic}", self.prefix)
    }
}
