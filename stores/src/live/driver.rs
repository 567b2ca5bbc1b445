//! Drives one subscriber through a feed: the stream where it is complete, the database where it is not.
//!
//! No event is missing or duplicated: an event that does not continue the last one is sent only after the
//! feed recovered what is between them. The terminal event is sent once and is the last. An error is the last item
//! too; the subscriber continues from its cursor. While Redis is unavailable, the end is read from the database.

mod source;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use futures::stream::{self, BoxStream, Stream, StreamExt as _};
use tokio::time::{Instant, timeout_at};
use triptych_entities::payloads::{EventRole, LiveEvent as _};

use super::{
    Cursor, Entry, Feed, Live, LiveItem, Position, Topic,
    feed::{End, Envelope, EnvelopeOf, Lost},
    turns::Turn,
};
use crate::error::{Invalid, StoreError};
use source::Source;

impl Live {
    /// Waits until another subscriber of this kind of feed may read its subject from the database.
    pub async fn turn<F: Feed>(&self) -> Turn {
        self.turns.take(F::KIND).await
    }

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

/// Whether what is missing in the stream may still come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Patience {
    Left,
    Over,
}

/// The state of one subscriber.
pub(super) struct Driver<F: Feed, S> {
    feed: F,
    source: S,
    topic: Topic,
    items: BoxStream<'static, Result<LiveItem, StoreError>>,
    start: Option<Start>,
    /// The cursor of the last event that was sent.
    last: Option<Cursor>,
    /// The cursor of the subscriber, until the feed knows the events before it.
    resumed: Option<Cursor>,
    /// Events are lost and the feed cannot recover them yet.
    incomplete: bool,
    /// The database is ahead of the stream. If it still is at this time, what is missing is recovered.
    overdue: Option<Instant>,
    ready: VecDeque<EnvelopeOf<F>>,
    ended: bool,
}

impl<F: Feed, S: Source> Driver<F, S> {
    pub(super) async fn open(source: S, feed: F, after: Option<&str>) -> Result<Self, F::Error> {
        let topic = feed.topic();
        let from_now = !F::REPLAYS && after.is_none();
        let after = after.map(str::parse::<Cursor>).transpose().map_err(|_| refused::<F>(""))?;
        let end = feed.end();
        let mut top = None;
        if after.is_some() || end.is_some() || from_now {
            top = match source.last(&topic).await {
                Ok(entry) => entry.map(|entry| entry.cursor(F::SHARED)),
                // Without the stream's last position, old events cannot be distinguished from new ones.
                Err(error) if from_now => return Err(error.into()),
                Err(_) => None,
            };
        }
        let end_at = end.as_ref().and_then(|end| end.at);
        if let (Some(after), Some(highest)) = (after, end_at.or(feed.highest()))
            && after.position > highest
        {
            return Err(refused::<F>(": it is beyond the last event").into());
        }
        let start = match end {
            Some(_) if from_now || top.is_none() => Some(Start::End),
            None if from_now => Some(Start::Recovery),
            _ => None,
        };
        let last = if from_now { top.or(Some(Position::ORIGIN.into())) } else { after };
        Ok(Self {
            items: source.items(topic.clone(), last, F::SHARED),
            feed,
            source,
            topic,
            start,
            last,
            resumed: after,
            incomplete: false,
            overdue: None,
            ready: VecDeque::new(),
            ended: end_at.is_some() && last.map(|last| last.position) >= end_at,
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
            // A subscriber that waits should not hold the memory of the events that it was sent.
            self.ready = VecDeque::new();
            if self.ended {
                return Ok(None);
            }
            if let Some(start) = self.start.take() {
                let _turn = self.source.turn(F::KIND).await;
                Box::pin(self.begin(start)).await?;
                continue;
            }
            let next = self.items.next();
            let item = match self.overdue {
                None => next.await,
                Some(until) => Box::pin(timeout_at(until, next)).await.unwrap_or_default(),
            };
            match item {
                Some(Ok(LiveItem::Entry(entry))) => Box::pin(self.take(entry)).await?,
                Some(Ok(LiveItem::Lost(end))) => {
                    let _turn = self.source.turn(F::KIND).await;
                    Box::pin(self.replace(end)).await?;
                }
                Some(Ok(LiveItem::Quiet)) => self.look_in_turn(Patience::Left).await?,
                Some(Err(error @ StoreError::Corrupt(_))) => return Err(error.into()),
                // The stream is read again later. Meanwhile a change in the database appears as `Quiet`.
                Some(Err(error)) => {
                    tracing::debug!(topic = %self.topic, %error, "a live stream cannot be read");
                }
                None if self.overdue.take().is_some() => self.look_in_turn(Patience::Over).await?,
                None => return Ok(None),
            }
        }
    }

    async fn begin(&mut self, start: Start) -> Result<(), F::Error> {
        match start {
            Start::End => self.conclude(None).await,
            Start::Recovery => self.recover(None).await.map(drop),
        }
    }

    async fn look_in_turn(&mut self, patience: Patience) -> Result<(), F::Error> {
        let _turn = self.source.turn(F::KIND).await;
        Box::pin(self.look(patience)).await
    }

    /// Sends an entry of the stream, after what is lost before it.
    async fn take(&mut self, entry: Entry) -> Result<(), F::Error> {
        let event: F::Event = serde_json::from_str(&entry.payload).map_err(StoreError::from)?;
        let (cursor, at, role) = (entry.cursor(F::SHARED), entry.position, event.role());
        let ends = role == EventRole::Ends;
        if ends && !self.feed.confirms(at).await? {
            self.last = Some(cursor);
            return Ok(());
        }
        let complete = role == EventRole::Resets || self.continues(at) || self.bridge(at, ends).await?;
        if self.ended || !(complete || ends) {
            return Ok(());
        }
        // What was not published before the end is told before it.
        if ends && self.misses().await {
            self.recover(Some(at)).await?;
        }
        self.incomplete = false;
        self.ended = ends;
        if self.feed.admits(&event) {
            self.send(cursor, event);
        } else {
            self.last = Some(cursor);
        }
        Ok(())
    }

    /// Sends what stands for the entries that the stream has lost.
    async fn replace(&mut self, end: Option<Cursor>) -> Result<(), F::Error> {
        self.last = end.or(self.last.map(Cursor::unchecked));
        self.feed.refresh().await?;
        self.recover(None).await?;
        if let Some(End { event, .. }) = self.feed.end() {
            self.ended = true;
            self.send(self.last.unwrap_or(Position::ORIGIN.into()), event);
        }
        Ok(())
    }

    /// Whether the database has events that the subscriber was not sent.
    async fn misses(&mut self) -> bool {
        self.remember().await;
        self.feed.misses()
    }

    /// Tells the feed which events the subscriber received before it resumed.
    async fn remember(&mut self) {
        let Some(cursor) = self.resumed.filter(|_| F::SHARED) else { return };
        match self.source.until(&self.topic, cursor).await {
            Ok(entries) => {
                self.resumed = None;
                for entry in entries {
                    if let Ok(event) = serde_json::from_str(&entry.payload) {
                        self.feed.admits(&event);
                    }
                }
            }
            // Events that are sent twice are better than a missing one.
            Err(error) => tracing::debug!(topic = %self.topic, %error, "a live stream cannot be read"),
        }
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
            self.look(Patience::Over).await?;
            if self.ended {
                return Ok(false);
            }
        }
        self.recover(Some(next)).await
    }

    async fn recover(&mut self, next: Option<Position>) -> Result<bool, F::Error> {
        self.remember().await;
        let lost = Lost { after: self.last.map(|last| last.position), before: next };
        let Some(events) = self.feed.recover(lost).await? else { return Ok(false) };
        let before = next.map(Position::previous).filter(|before| lost.after != Some(*before));
        let at = before.map(Cursor::from).or(self.last).unwrap_or(Position::ORIGIN.into());
        for event in events {
            self.send(at, event);
        }
        Ok(true)
    }

    /// Checks whether the database contains events, or an end, that the stream does not contain.
    async fn look(&mut self, patience: Patience) -> Result<(), F::Error> {
        self.feed.refresh().await?;
        match self.feed.end() {
            None if !self.misses().await => {
                self.overdue = None;
                return Ok(());
            }
            None if self.waits(patience) => return Ok(()),
            None => return self.recover(None).await.map(drop),
            Some(End { at: Some(_), .. }) => return self.conclude(None).await,
            Some(End { at: None, .. }) => {}
        }
        let last = self.source.last(&self.topic).await.ok().flatten();
        let in_stream = last.filter(|entry| {
            serde_json::from_str(&entry.payload).is_ok_and(|event: F::Event| event.role() == EventRole::Ends)
        });
        match in_stream.map(|entry| entry.cursor(F::SHARED)) {
            // The stream contains the end and has yet to be read that far.
            Some(end) if self.last.is_none_or(|last| end.position > last.position) => Ok(()),
            None if self.waits(patience) => Ok(()),
            end => self.conclude(end).await,
        }
    }

    /// Whether the writer may still append what the database contains already. Recovered events would be sent without
    /// their positions, and those in the stream then be left out.
    fn waits(&mut self, patience: Patience) -> bool {
        let left = patience == Patience::Left && !self.source.patience().is_zero();
        if left {
            self.overdue.get_or_insert_with(|| Instant::now() + self.source.patience());
        }
        left
    }

    /// Sends the end from the database, if there is one. `in_stream` is the position of the terminal event in the
    /// stream, for a database that does not store it.
    async fn conclude(&mut self, in_stream: Option<Cursor>) -> Result<(), F::Error> {
        let Some(End { at, event }) = self.feed.end() else { return Ok(()) };
        self.ended = true;
        let at = at.map(Cursor::from).or(in_stream);
        if at.is_some_and(|at| self.last.is_some_and(|last| last.position >= at.position)) {
            return Ok(());
        }
        if !at.is_some_and(|at| self.continues(at.position)) {
            self.recover(at.map(|at| at.position)).await?;
        }
        self.send(at.or(self.last).unwrap_or(Position::ORIGIN.into()), event);
        Ok(())
    }

    fn send(&mut self, cursor: Cursor, event: F::Event) {
        self.last = Some(cursor);
        self.ready.push_back(Envelope { subject: self.feed.subject(), cursor, event });
    }
}

fn refused<F: Feed>(detail: &str) -> Invalid {
    Invalid::one("after", format!("not a cursor of this {}{detail}", F::KIND))
}
