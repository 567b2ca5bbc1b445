//! The interface of live subjects.

use std::future::{Future, ready};

use triptych_entities::payloads::LiveEvent;

use super::{Cursor, Position, Topic};
use crate::error::{Invalid, StoreError};

/// A live subject: a stream of events in Redis, and a database that recovers what the stream lost. Each value serves
/// one subscriber, who may see the subject; it may remember what that subscriber was sent.
///
/// A subject whose stream never ends and whose lost events need no recovery implements only `subject` and `topic`.
pub trait Feed: Send + 'static {
    /// The fields of every envelope that identify the subject, such as its id.
    type Subject: Clone + Send;
    type Event: LiveEvent;
    type Error: From<Invalid> + From<StoreError> + Send;

    /// The kind of subject, for error messages.
    const KIND: &'static str;

    /// Whether a subscriber without a cursor receives the events that the stream still holds. Otherwise it receives
    /// what [`Feed::recover`] returns, and then new events.
    const REPLAYS: bool = true;

    /// Whether the stream has several writers ([`Live::publish`](super::Live::publish)). Then positions that Redis lost
    /// are used again, and cursors contain a checksum.
    const SHARED: bool = false;

    fn subject(&self) -> Self::Subject;

    fn topic(&self) -> Topic;

    /// Reads the subject from the database again. Called when the stream was quiet for some seconds, is incomplete or
    /// cannot be read.
    fn refresh(&mut self) -> impl Future<Output = Result<(), Self::Error>> + Send {
        ready(Ok(()))
    }

    /// The end of the subject as of the last read; `None` while it is active.
    fn end(&self) -> Option<End<Self::Event>> {
        None
    }

    /// The highest position that the subject can have, for refusing the cursors of others. Redis may have lost the end of
    /// the stream, so that a cursor beyond it can be valid. `None` if every position is possible.
    fn highest(&self) -> Option<Position> {
        None
    }

    /// Returns events that replace the lost ones, from the database. `None` if the database does not have them yet;
    /// then events are withheld until one that resets or ends.
    fn recover(
        &mut self,
        lost: Lost,
    ) -> impl Future<Output = Result<Option<Vec<Self::Event>>, Self::Error>> + Send {
        let _ = lost;
        ready(Ok(Some(Vec::new())))
    }

    /// Whether the database, as of the last read, has events that the subscriber was not sent. They are recovered then.
    fn misses(&self) -> bool {
        false
    }

    /// Whether the database agrees with an end that the stream contains. An end that a later run superseded is
    /// dropped.
    fn confirms(&mut self, end: Position) -> impl Future<Output = Result<bool, Self::Error>> + Send {
        let _ = end;
        ready(Ok(true))
    }

    /// Notes an event of the stream before it is sent, or one that the subscriber received earlier, on another connection.
    /// False if the subscriber received it by recovery.
    fn admits(&mut self, event: &Self::Event) -> bool {
        let _ = event;
        true
    }
}

/// How a subject ended, according to the database.
#[derive(Debug, Clone, PartialEq)]
pub struct End<E> {
    /// The position of the terminal event, if the database stores it.
    pub at: Option<Position>,
    /// The terminal event.
    pub event: E,
}

/// The events that a subscriber missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost {
    /// The last position that the subscriber received; `None` if it received nothing.
    pub after: Option<Position>,
    /// The position of the next event; `None` if the stream has none.
    pub before: Option<Position>,
}

impl Lost {
    /// Whether nothing can have preceded the next event.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.after.is_none() && self.before.is_some_and(|before| before.seq == 1)
    }
}

/// An event with its subject and its position.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope<S, E> {
    pub subject: S,
    /// The position, from which a subscriber continues after a lost connection. An event from recovery has the position
    /// before the event that follows it.
    pub cursor: Cursor,
    pub event: E,
}

/// The envelope of a feed.
pub type EnvelopeOf<F> = Envelope<<F as Feed>::Subject, <F as Feed>::Event>;
