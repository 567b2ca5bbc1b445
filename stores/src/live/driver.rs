//! Drives one subscriber through a feed: the stream where it is complete, the database where it is not.
//!
//! No event is missing or duplicated: an event that does not continue the last one is sent only after the
//! feed recovered what is between them. The terminal event is sent once and is the last. An error is the last item
//! too; the subscriber continues from its cursor. While Redis is unavailable, the end is read from the database.

use std::{collections::VecDeque, future::Future, time::Duration};

use futures::stream::{self, BoxStream, Stream, StreamExt as _};
use triptych_entities::payloads::{EventRole, LiveEvent as _};

use super::{
    Entry, Feed, Live, LiveItem, Position, Topic,
    feed::{End, Envelope, EnvelopeOf, Lost},
};
use crate::error::{Invalid, StoreError};

/// How long to wait for the last entry of the stream.
const LAST_ENTRY_TIMEOUT: Duration = Duration::from_secs(2);

/// Where the driver reads streams. Tests read scripted ones.
pub(super) trait Source: Send + 'static {
    fn items(
        &self,
        topic: Topic,
        after: Option<Position>,
    ) -> BoxStream<'static, Result<LiveItem, StoreError>>;

    fn last(&self, topic: &Topic) -> impl Future<Output = Result<Option<Entry>, StoreError>> + Send;
}

impl Source for Live {
    fn items(
        &self,
        topic: Topic,
        after: Option<Position>,
    ) -> BoxStream<'static, Result<LiveItem, StoreError>> {
        self.follow(&topic, after).boxed()
    }

    async fn last(&self, topic: &Topic) -> Result<Option<Entry>, StoreError> {
        let last = tokio::time::timeout(LAST_ENTRY_TIMEOUT, Live::last(self, topic)).await;
        last.unwrap_or(Err(StoreError::Timeout("Redis")))
    }
}

impl Live {
    /// Follows a subject: the events after the cursor `after`, then new events as they come, up to and including the
    /// terminal event. Without a cursor, from the beginning, or from now if the feed does not replay.
    ///
    /// # Errors
    /// `Invalid` for a cursor that this subject did not issue.
    pub async fn open<F: Feed>(
        &self,
        feed: F,
        after: Option<&str>,
    ) -> Result<BoxStream<'static, Result<EnvelopeOf<F>, F::Error>>, F::Error> {
        Ok(Driver::open(self.clone(), feed, after).await?.into_stream().boxed())
    }
}

/// What to do before the stream is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    /// Send the end from the database: the stream is gone.
    End,
    /// Send what stands for all earlier events.
    Recovery,
}

/// The state of one subscriber.
pub(super) struct Driver<F: Feed, S> {
    feed: F,
    source: S,
    topic: Topic,
    items: BoxStream<'static, Result<LiveItem, StoreError>>,
    start: Option<Start>,
    /// The position of the last event that was sent.
    last: Option<Position>,
    /// Events are lost and the feed cannot recover them yet.
    incomplete: bool,
    ready: VecDeque<EnvelopeOf<F>>,
    ended: bool,
}

impl<F: Feed, S: Source> Driver<F, S> {
    pub(super) async fn open(source: S, feed: F, after: Option<&str>) -> Result<Self, F::Error> {
        let topic = feed.topic();
        let from_now = !F::REPLAYS && after.is_none();
        let after = after.map(str::parse::<Position>).transpose().map_err(|_| refused::<F>(""))?;
        let end = feed.end();
        let mut top = None;
        if after.is_some() || end.is_some() || from_now {
            top = match source.last(&topic).await {
                Ok(entry) => entry.map(|entry| entry.position),
                // Without the stream's last position, old events cannot be distinguished from new ones.
                Err(error) if from_now => return Err(error.into()),
                Err(_) => None,
            };
        }
        let end_at = end.as_ref().and_then(|end| end.at);
        if let (Some(after), Some(highest)) = (after, end_at.or(top).or(feed.highest()))
            && after > highest
        {
            return Err(refused::<F>(": it is beyond the last event").into());
        }
        let start = match end {
            Some(_) if from_now || top.is_none() => Some(Start::End),
            None if from_now => Some(Start::Recovery),
            _ => None,
        };
        let last = if from_now { top.or(Some(Position::ORIGIN)) } else { after };
        Ok(Self {
            items: source.items(topic.clone(), last),
            feed,
            source,
            topic,
            start,
            last,
            incomplete: false,
            ready: VecDeque::new(),
            ended: end_at.is_some() && last >= end_at,
        })
    }

    pub(super) fn into_stream(self) -> impl Stream<Item = Result<EnvelopeOf<F>, F::Error>> + Send {
        stream::unfold(self, |mut driver| async move {
            let next = driver.next().await.transpose()?;
            driver.ended |= next.is_err();
            Some((next, driver))
        })
    }

    /// The next event. Reads of the database are boxed: a subscriber that waits should not hold the memory of one.
    async fn next(&mut self) -> Result<Option<EnvelopeOf<F>>, F::Error> {
        loop {
            if let Some(envelope) = self.ready.pop_front() {
                return Ok(Some(envelope));
            }
            if self.ended {
                return Ok(None);
            }
            match self.start.take() {
                Some(Start::End) => {
                    Box::pin(self.conclude(None)).await?;
                    continue;
                }
                Some(Start::Recovery) => {
                    Box::pin(self.recover(None)).await?;
                    continue;
                }
                None => {}
            }
            match self.items.next().await {
                Some(Ok(LiveItem::Entry(entry))) => Box::pin(self.take(entry)).await?,
                Some(Ok(LiveItem::Quiet)) => Box::pin(self.look()).await?,
                Some(Err(error @ StoreError::Corrupt(_))) => return Err(error.into()),
                // The stream is read again later. Meanwhile a change in the database appears as `Quiet`.
                Some(Err(error)) => {
                    tracing::debug!(topic = %self.topic, %error, "a live stream cannot be read");
                }
                None => return Ok(None),
            }
        }
    }

    /// Sends an entry of the stream, after what is lost before it.
    async fn take(&mut self, entry: Entry) -> Result<(), F::Error> {
        let event: F::Event = serde_json::from_str(&entry.payload).map_err(StoreError::from)?;
        let (at, role) = (entry.position, event.role());
        let ends = role == EventRole::Ends;
        if ends && !self.feed.confirms(at).await? {
            self.last = Some(at);
            return Ok(());
        }
        let complete = role == EventRole::Resets || self.continues(at) || self.bridge(at, ends).await?;
        if self.ended || !(complete || ends) {
            return Ok(());
        }
        self.incomplete = false;
        self.ended = ends;
        if self.feed.admits(&event) {
            self.send(at, event);
        } else {
            self.last = Some(at);
        }
        Ok(())
    }

    fn continues(&self, next: Position) -> bool {
        self.last.is_some_and(|last| last.precedes(next))
    }

    /// Recovers what is lost before `next`. False if that is not possible yet, or if the subject turns out to have
    /// ended.
    async fn bridge(&mut self, next: Position, ends: bool) -> Result<bool, F::Error> {
        if !ends {
            if std::mem::replace(&mut self.incomplete, true) {
                return Ok(false);
            }
            self.look().await?;
            if self.ended {
                return Ok(false);
            }
        }
        self.recover(Some(next)).await
    }

    async fn recover(&mut self, next: Option<Position>) -> Result<bool, F::Error> {
        let lost = Lost { after: self.last, before: next };
        let Some(events) = self.feed.recover(lost).await? else { return Ok(false) };
        let at = next.map(Position::previous).or(self.last).unwrap_or(Position::ORIGIN);
        for event in events {
            self.send(at, event);
        }
        Ok(true)
    }

    /// Checks whether the database contains an end that the stream does not contain.
    async fn look(&mut self) -> Result<(), F::Error> {
        self.feed.refresh().await?;
        let Some(End { at: None, .. }) = self.feed.end() else { return self.conclude(None).await };
        let last = self.source.last(&self.topic).await.ok().flatten();
        let in_stream = last.filter(|entry| {
            serde_json::from_str(&entry.payload).is_ok_and(|event: F::Event| event.role() == EventRole::Ends)
        });
        match in_stream.map(|entry| Some(entry.position)) {
            // The stream contains the end and has yet to be read that far.
            Some(end) if end > self.last => Ok(()),
            end => self.conclude(end.flatten()).await,
        }
    }

    /// Sends the end from the database, if there is one. `in_stream` is the position of the terminal event in the
    /// stream, for a database that does not store it.
    async fn conclude(&mut self, in_stream: Option<Position>) -> Result<(), F::Error> {
        let Some(End { at, event }) = self.feed.end() else { return Ok(()) };
        self.ended = true;
        let at = at.or(in_stream);
        if at.is_some() && self.last >= at {
            return Ok(());
        }
        if !at.is_some_and(|at| self.continues(at)) {
            self.recover(at).await?;
        }
        self.send(at.or(self.last).unwrap_or(Position::ORIGIN), event);
        Ok(())
    }

    fn send(&mut self, position: Position, event: F::Event) {
        self.last = Some(position);
        self.ready.push_back(Envelope { subject: self.feed.subject(), position, event });
    }
}

fn refused<F: Feed>(detail: &str) -> Invalid {
    Invalid::one("after", format!("not a cursor of this {}{detail}", F::KIND))
}

#[cfg(test)]
mod tests;
