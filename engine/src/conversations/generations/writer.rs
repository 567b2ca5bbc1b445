//! Tells subscribers, in few appends: deltas that arrive close together travel together.
//!
//! Redis may fail; the answer goes on without it, and once Redis is back a snapshot stands for what was not told.

use std::time::Duration;

use tokio::time::Instant;
use triptych_entities::{
    documents::conversations::{generation::Status, part::Part},
    payloads::generation_event::GenerationEvent,
};
use triptych_services::live::{Appended, Live, Position, Topic};

const WAIT: Duration = Duration::from_millis(25);
const MOST_EVENTS: usize = 64;
const MOST_BYTES: usize = 4096;
/// After so many entries a snapshot follows, well before the stream drops its beginning.
const SNAPSHOT_EVERY: i64 = 5_000;
/// How long one append may hold up the answer.
const PATIENCE: Duration = Duration::from_secs(1);
/// Between attempts while Redis is away.
const PAUSE: Duration = Duration::from_secs(2);

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    GoOn,
    /// A later run writes now.
    Fenced,
}

/// Writes one run's events.
pub(super) struct Writer {
    live: Live,
    topic: Topic,
    epoch: i64,
    /// The sequence number of the last event that was, or may have been, told.
    seq: i64,
    last_snapshot: i64,
    buffer: Vec<GenerationEvent>,
    taken: usize,
    bytes: usize,
    since: Option<Instant>,
    /// The first event of the run, until it is known to be told.
    opening: Option<GenerationEvent>,
    /// Something was not told.
    torn: bool,
    not_before: Option<Instant>,
}

impl Writer {
    pub(super) fn new(live: Live, topic: Topic, epoch: i64, opening: GenerationEvent) -> Self {
        Self {
            live,
            topic,
            epoch,
            seq: 0,
            last_snapshot: 0,
            buffer: Vec::new(),
            taken: 0,
            bytes: 0,
            since: None,
            opening: Some(opening),
            torn: false,
            not_before: None,
        }
    }

    pub(super) fn seq(&self) -> i64 {
        self.seq
    }

    pub(super) fn push(&mut self, events: Vec<GenerationEvent>) {
        for event in events {
            self.taken += 1;
            self.bytes += text_of(&event).map_or(64, str::len);
            if !merge(self.buffer.last_mut(), &event) {
                self.buffer.push(event);
            }
            self.since.get_or_insert_with(Instant::now);
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.taken >= MOST_EVENTS || self.bytes >= MOST_BYTES
    }

    /// When to flush, if there is anything to tell.
    pub(super) fn due(&self) -> Option<Instant> {
        self.since.map(|since| since + WAIT)
    }

    /// Tells what has come together. `parts` is everything so far, including it.
    pub(super) async fn flush(&mut self, parts: &[Part]) -> Told {
        let events = std::mem::take(&mut self.buffer);
        (self.taken, self.bytes, self.since) = (0, 0, None);
        if self.not_before.is_some_and(|moment| Instant::now() < moment) {
            self.torn = true;
            return Told::GoOn;
        }
        if self.torn {
            return self.tell_whole(parts).await;
        }
        let first = self.opening.is_some() && self.seq == 0;
        let mut batch: Vec<GenerationEvent> = self.opening.clone().into_iter().chain(events).collect();
        let entries = i64::try_from(batch.len()).unwrap_or(i64::MAX);
        if self.seq + entries - self.last_snapshot >= SNAPSHOT_EVERY {
            batch.push(snapshot(parts));
            self.last_snapshot = self.seq + entries + 1;
        }
        if batch.is_empty() {
            return Told::GoOn;
        }
        match self.append(&batch, first).await {
            // The stream is gone: what was told before is told again.
            Some(Appended::Lost) => self.tell_whole(parts).await,
            outcome => self.settle(outcome),
        }
    }

    async fn tell_whole(&mut self, parts: &[Part]) -> Told {
        let batch: Vec<GenerationEvent> = self.opening.clone().into_iter().chain([snapshot(parts)]).collect();
        let outcome = self.append(&batch, true).await;
        if outcome == Some(Appended::Stored) {
            self.last_snapshot = self.seq;
        }
        self.settle(outcome)
    }

    fn settle(&mut self, outcome: Option<Appended>) -> Told {
        match outcome {
            Some(Appended::Stored) => {
                self.opening = None;
                self.torn = false;
                self.not_before = None;
            }
            Some(Appended::Fenced) => return Told::Fenced,
            Some(Appended::Lost) => self.torn = true,
            None => {
                self.torn = true;
                self.not_before = Some(Instant::now() + PAUSE);
            }
        }
        Told::GoOn
    }

    /// None if Redis does not answer; the events may have been told or not, so their numbers are used up.
    async fn append(&mut self, batch: &[GenerationEvent], create: bool) -> Option<Appended> {
        let payloads: Vec<String> =
            batch.iter().filter_map(|event| serde_json::to_string(event).ok()).collect();
        let first = Position { epoch: self.epoch, seq: self.seq + 1 };
        self.seq += i64::try_from(payloads.len()).unwrap_or(i64::MAX);
        let append = self.live.append(&self.topic, first, &payloads, create);
        match tokio::time::timeout(PATIENCE, append).await {
            Ok(Ok(outcome)) => Some(outcome),
            Ok(Err(error)) => {
                tracing::warn!(topic = %self.topic, %error, "live events were not told");
                None
            }
            Err(_) => {
                tracing::warn!(topic = %self.topic, "live events were not told: Redis does not answer");
                None
            }
        }
    }
}

fn snapshot(parts: &[Part]) -> GenerationEvent {
    GenerationEvent::GenerationSnapshot { status: Status::Streaming, parts: parts.to_vec() }
}

fn text_of(event: &GenerationEvent) -> Option<&str> {
    match event {
        GenerationEvent::TextDelta { text, .. }
        | GenerationEvent::ReasoningDelta { text, .. }
        | GenerationEvent::ToolInputDelta { text, .. } => Some(text),
        _ => None,
    }
}

/// Appends a delta to one of the same kind and part before it, if that is what comes before.
fn merge(last: Option<&mut GenerationEvent>, event: &GenerationEvent) -> bool {
    use GenerationEvent::{ReasoningDelta, TextDelta, ToolInputDelta};
    match (last, event) {
        (Some(TextDelta { part_id, text, .. }), TextDelta { part_id: same, text: more, .. })
        | (Some(ReasoningDelta { part_id, text, .. }), ReasoningDelta { part_id: same, text: more, .. })
        | (Some(ToolInputDelta { part_id, text, .. }), ToolInputDelta { part_id: same, text: more, .. })
            if part_id == same =>
        {
            text.push_str(more);
            true
        }
        _ => false,
    }
}
