//! Telling subscribers that a generation has ended. What cannot be told now is told from the document later.

use std::time::Duration;

use triptych_entities::{
    documents::conversations::{
        generation::{Generation, Status},
        part::Part,
    },
    failure::Failure,
    payloads::generation_event::GenerationEvent,
};
use triptych_stores::{
    error::StoreError,
    live::{Appended, Position, Topic},
};

use super::Generations;

const PATIENCE: Duration = Duration::from_secs(5);

impl Generations {
    /// Never fails: followers look at the document too.
    pub(super) async fn tell_end(&self, generation: &Generation, parts: &[Part]) {
        let told = tokio::time::timeout(PATIENCE, self.append_end(generation, parts)).await;
        match told {
            Ok(Ok(Appended::Stored)) => {}
            Ok(Ok(outcome)) => {
                tracing::warn!(generation.id = %generation.id, ?outcome, "the end was not told");
            }
            Ok(Err(error)) => tracing::warn!(generation.id = %generation.id, %error, "the end was not told"),
            Err(_) => tracing::warn!(generation.id = %generation.id, "the end was not told: Redis is away"),
        }
    }

    async fn append_end(&self, generation: &Generation, parts: &[Part]) -> Result<Appended, StoreError> {
        let topic = Topic::Generation(generation.id);
        let at = end_of(generation);
        let terminal = serde_json::to_string(&terminal_event(generation))?;
        // Nothing was told before the first event, so nothing can have been lost.
        let first = at.seq == 1;
        let mut told = self.live.append(&topic, at, std::slice::from_ref(&terminal), first).await?;
        if told == Appended::Lost {
            let snapshot = serde_json::to_string(&snapshot_event(generation.status, parts.to_vec()))?;
            let before = Position { seq: at.seq - 1, ..at };
            told = self.live.append(&topic, before, &[snapshot, terminal], true).await?;
        }
        self.live.finish(&topic).await?;
        Ok(told)
    }
}

/// The place of the event that ended the generation.
pub(super) fn end_of(generation: &Generation) -> Position {
    Position { epoch: i64::from(generation.epoch), seq: generation.last_seq }
}

pub(super) fn snapshot_event(status: Status, parts: Vec<Part>) -> GenerationEvent {
    GenerationEvent::GenerationSnapshot { status, parts }
}

/// The one event that ends a generation, as its document tells it.
pub(super) fn terminal_event(generation: &Generation) -> GenerationEvent {
    let message_id = generation.message_id();
    match generation.status {
        Status::Completed => GenerationEvent::GenerationCompleted {
            message_id,
            finish_reason: generation.finish_reason.clone(),
            usage: generation.usage.clone().unwrap_or_default(),
        },
        Status::Aborted => GenerationEvent::GenerationAborted { message_id, reason: "REQUESTED".to_owned() },
        Status::Failed | Status::Queued | Status::Streaming => GenerationEvent::GenerationFailed {
            message_id,
            error: generation.error.clone().unwrap_or_else(|| Failure {
                code: "INTERNAL".to_owned(),
                message: "the answer could not be finished".to_owned(),
            }),
        },
    }
}
