//! One subscriber's way through a generation: the live stream where it is whole, the document where it is not.

use std::{collections::VecDeque, pin::Pin, time::Duration};

use futures::stream::{self, Stream, StreamExt as _};
use triptych_entities::{
    documents::conversations::generation::Generation, payloads::generation_event::GenerationEvent,
};
use triptych_stores::{
    error::{Result, StoreError},
    live::{Entry, LiveItem, Position, Topic},
};

use super::{
    Envelope, Generations,
    tell::{end_of, snapshot_event, terminal_event},
};

/// How long to wait for Redis before looking at the document.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between looks at the document while Redis is away.
const PAUSE: Duration = Duration::from_millis(500);

type Items = Pin<Box<dyn Stream<Item = Result<LiveItem, StoreError>> + Send>>;

pub(super) struct Replay {
    service: Generations,
    generation: Generation,
    items: Items,
    /// The last place that was delivered.
    last: Option<Position>,
    /// Events are lost; what the client holds is of no use until a snapshot comes.
    torn: bool,
    ready: VecDeque<Envelope>,
    ended: bool,
    /// The stream cannot bring the end any more.
    conclude_first: bool,
}

impl Replay {
    pub(super) fn new(
        service: Generations,
        generation: Generation,
        after: Option<Position>,
        top: Option<Position>,
    ) -> Self {
        let items = Box::pin(service.live.follow(Topic::Generation(generation.id), after));
        let conclude_first = generation.status.is_final() && top.is_none();
        let ended = generation.status.is_final() && after >= Some(end_of(&generation));
        Self {
            service,
            generation,
            items,
            last: after,
            torn: false,
            ready: VecDeque::new(),
            ended,
            conclude_first,
        }
    }

    pub(super) fn into_stream(self) -> impl Stream<Item = Result<Envelope>> + Send {
        stream::unfold(self, |mut replay| async move {
            let next = replay.next().await.transpose()?;
            // An error is the last thing that a subscriber hears; its cursor lets it come back.
            replay.ended |= next.is_err();
            Some((next, replay))
        })
    }

    async fn next(&mut self) -> Result<Option<Envelope>> {
        loop {
            if let Some(envelope) = self.ready.pop_front() {
                return Ok(Some(envelope));
            }
            if self.ended {
                return Ok(None);
            }
            if std::mem::take(&mut self.conclude_first) {
                self.conclude().await?;
                continue;
            }
            match tokio::time::timeout(PATIENCE, self.items.next()).await {
                Ok(Some(Ok(LiveItem::Entry(entry)))) => self.take(entry).await?,
                Ok(Some(Ok(LiveItem::Gap))) => {
                    self.torn = true;
                    self.look().await?;
                }
                Ok(Some(Ok(LiveItem::Quiet))) | Err(_) => self.look().await?,
                Ok(Some(Err(error))) => {
                    tracing::debug!(generation.id = %self.generation.id, %error, "the live stream is away");
                    self.look().await?;
                    tokio::time::sleep(PAUSE).await;
                }
                Ok(None) => return Ok(None),
            }
        }
    }

    async fn take(&mut self, entry: Entry) -> Result<()> {
        let event: GenerationEvent = serde_json::from_str(&entry.payload).map_err(StoreError::from)?;
        if event.is_terminal() {
            // The answer is stored before its end is told, so the document knows this end, or a later run.
            self.generation = self.service.reread(&self.generation).await?;
            if i64::from(self.generation.epoch) > entry.position.epoch {
                self.last = Some(entry.position);
                return Ok(());
            }
            return self.conclude_with(entry.position, event).await;
        }
        let whole = matches!(
            event,
            GenerationEvent::GenerationSnapshot { .. }
                | GenerationEvent::GenerationStarted { .. }
                | GenerationEvent::GenerationRestarted { .. }
        );
        if self.torn && !whole {
            return Ok(());
        }
        self.torn = false;
        self.deliver(entry.position, event);
        Ok(())
    }

    /// Whether the document knows the end that the stream did not bring.
    async fn look(&mut self) -> Result<()> {
        self.generation = self.service.reread(&self.generation).await?;
        if self.generation.status.is_final() { self.conclude().await } else { Ok(()) }
    }

    async fn conclude(&mut self) -> Result<()> {
        let end = end_of(&self.generation);
        if self.last >= Some(end) {
            self.ended = true;
            return Ok(());
        }
        self.conclude_with(end, terminal_event(&self.generation)).await
    }

    async fn conclude_with(&mut self, end: Position, terminal: GenerationEvent) -> Result<()> {
        let nothing_before = self.last.is_none() && end.seq == 1;
        // An end that opens its own run says nothing of what an earlier run has shown.
        let whole = nothing_before
            || self.last.is_some_and(|last| last.epoch == end.epoch && last.is_followed_by(end));
        if self.torn || !whole {
            let parts = self.service.stored_parts(&self.generation).await?;
            let before = Position { seq: end.seq - 1, ..end };
            self.deliver(before, snapshot_event(self.generation.status, parts));
        }
        self.deliver(end, terminal);
        self.ended = true;
        Ok(())
    }

    fn deliver(&mut self, at: Position, event: GenerationEvent) {
        self.last = Some(at);
        self.ready.push_back(Envelope {
            generation_id: self.generation.id,
            message_id: self.generation.message_id(),
            epoch: at.epoch,
            seq: at.seq,
            cursor: at.to_string(),
            event,
        });
    }
}
