//! Appends the events of a run to its live stream, in batches: deltas of the same part are merged.
//!
//! While Redis is unavailable the run continues. When Redis is available again, a snapshot replaces the events that were
//! not appended.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use triptych_entities::{
    documents::conversations::{generation::Status, part::Part},
    payloads::generation_event::GenerationEvent,
};
use triptych_services::live::{Appended, Live, Position, Topic};

use super::keeper::Held;

/// Longest time for which an event is buffered, while the process runs few generations.
const WAIT: Duration = Duration::from_millis(25);
/// Number of runs that append at that pace. With more, each waits longer, so that all together append as often.
const FEW_RUNS: usize = 200;
/// Number of buffered events at which they are appended.
const MOST_EVENTS: usize = 64;
/// Number of buffered bytes of text at which they are appended.
const MOST_BYTES: usize = 4096;
/// Number of entries after which a snapshot is appended, before the stream drops its oldest entries.
const SNAPSHOT_EVERY: i64 = 5_000;
/// Time limit of one append.
const APPEND_LIMIT: Duration = Duration::from_secs(1);
/// Pause between attempts while Redis is unavailable.
const PAUSE: Duration = Duration::from_secs(2);

/// Whether the run continues after a flush.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flushed {
    Continue,
    /// A later run has appended events.
    Fenced,
}

/// Writes one run's events.
pub(super) struct Writer {
    live: Live,
    topic: Topic,
    epoch: i64,
    /// The runs of the process.
    runs: Arc<Held>,
    /// The sequence number of the last event that was, or may have been, appended.
    seq: i64,
    last_snapshot: i64,
    buffer: Vec<GenerationEvent>,
    buffered: usize,
    bytes: usize,
    since: Option<Instant>,
    /// The first event of the run, until it is confirmed to be appended.
    opening: Option<GenerationEvent>,
    /// Whether events are missing in the stream.
    incomplete: bool,
    not_before: Option<Instant>,
}

/// A run, for its writer.
pub(super) struct Run {
    pub(super) topic: Topic,
    pub(super) epoch: i64,
    /// The first event.
    pub(super) opening: GenerationEvent,
}

impl Writer {
    /// A writer in a process that has these runs.
    pub(super) fn new(live: Live, run: Run, runs: Arc<Held>) -> Self {
        let Run { topic, epoch, opening } = run;
        Self {
            live,
            topic,
            epoch,
            runs,
            seq: 0,
            last_snapshot: 0,
            buffer: Vec::new(),
            buffered: 0,
            bytes: 0,
            since: None,
            opening: Some(opening),
            incomplete: false,
            not_before: None,
        }
    }

    pub(super) fn seq(&self) -> i64 {
        self.seq
    }

    pub(super) fn push(&mut self, events: Vec<GenerationEvent>) {
        for event in events {
            self.buffered += 1;
            self.bytes += text_of(&event).map_or(64, str::len);
            if !merge(self.buffer.last_mut(), &event) {
                self.buffer.push(event);
            }
            self.since.get_or_insert_with(Instant::now);
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.buffered >= MOST_EVENTS || self.bytes >= MOST_BYTES
    }

    /// When to flush; `None` if nothing is buffered.
    pub(super) fn due(&self) -> Option<Instant> {
        self.since.map(|since| since + wait(self.runs.count()))
    }

    /// Appends the buffered events. `parts` is the complete response so far, including them.
    pub(super) async fn flush(&mut self, parts: &[Part]) -> Flushed {
        let events = std::mem::take(&mut self.buffer);
        (self.buffered, self.bytes, self.since) = (0, 0, None);
        if self.not_before.is_some_and(|moment| Instant::now() < moment) {
            self.incomplete = true;
            return Flushed::Continue;
        }
        if self.incomplete {
            return self.append_snapshot(parts).await;
        }
        let first = self.opening.is_some() && self.seq == 0;
        let mut batch: Vec<GenerationEvent> = self.opening.clone().into_iter().chain(events).collect();
        let entries = i64::try_from(batch.len()).unwrap_or(i64::MAX);
        if self.seq + entries - self.last_snapshot >= SNAPSHOT_EVERY {
            batch.push(snapshot(parts));
            self.last_snapshot = self.seq + entries + 1;
        }
        if batch.is_empty() {
            return Flushed::Continue;
        }
        match self.append(&batch, first).await {
            // The stream was lost: a snapshot replaces all earlier events.
            Some(Appended::Lost) => self.append_snapshot(parts).await,
            outcome => self.settle(outcome),
        }
    }

    async fn append_snapshot(&mut self, parts: &[Part]) -> Flushed {
        let batch: Vec<GenerationEvent> = self.opening.clone().into_iter().chain([snapshot(parts)]).collect();
        let outcome = self.append(&batch, true).await;
        if outcome == Some(Appended::Stored) {
            self.last_snapshot = self.seq;
        }
        self.settle(outcome)
    }

    fn settle(&mut self, outcome: Option<Appended>) -> Flushed {
        match outcome {
            Some(Appended::Stored) => {
                self.opening = None;
                self.incomplete = false;
                self.not_before = None;
            }
            Some(Appended::Fenced) => return Flushed::Fenced,
            Some(Appended::Lost) => self.incomplete = true,
            None => {
                self.incomplete = true;
                self.not_before = Some(Instant::now() + PAUSE);
            }
        }
        Flushed::Continue
    }

    /// `None` if Redis does not answer. The events may have been appended, so their numbers are not used again.
    async fn append(&mut self, batch: &[GenerationEvent], create: bool) -> Option<Appended> {
        let payloads: Vec<String> =
            batch.iter().filter_map(|event| serde_json::to_string(event).ok()).collect();
        let first = Position { epoch: self.epoch, seq: self.seq + 1 };
        self.seq += i64::try_from(payloads.len()).unwrap_or(i64::MAX);
        let append = self.live.append(&self.topic, first, &payloads, create);
        match tokio::time::timeout(APPEND_LIMIT, append).await {
            Ok(Ok(outcome)) => Some(outcome),
            Ok(Err(error)) => {
                tracing::warn!(topic = %self.topic, %error, "live events were not appended");
                None
            }
            Err(_) => {
                let error = "Redis did not answer in time";
                tracing::warn!(topic = %self.topic, error, "live events were not appended");
                None
            }
        }
    }
}

/// How long an event is buffered.
fn wait(runs: usize) -> Duration {
    WAIT * u32::try_from(runs.div_ceil(FEW_RUNS)).unwrap_or(1).max(1)
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

/// Merges a delta into the last event, if that is a delta of the same kind and part.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_runs_append_as_often_as_few() {
        assert_eq!([0, 1, 200].map(wait), [WAIT; 3]);
        let appends = |runs: u32| f64::from(runs) / wait(runs as usize).as_secs_f64();
        assert!(appends(1_000) <= appends(200), "{} a second", appends(1_000));
    }
}
