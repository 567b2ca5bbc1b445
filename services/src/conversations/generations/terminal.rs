//! The terminal event of a generation. If it cannot be published, subscribers read it from the document.

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

/// Time limit of publishing.
const TIMEOUT: Duration = Duration::from_secs(5);

impl Generations {
    /// Publishes the terminal event. Does not fail, because subscribers also read the document.
    pub(super) async fn publish_end(&self, generation: &Generation, parts: &[Part]) {
        let published = tokio::time::timeout(TIMEOUT, self.append_end(generation, parts)).await;
        let problem = match published {
            Ok(Ok(Appended::Stored)) => return,
            Ok(Ok(Appended::Fenced)) => "a later run has appended".to_owned(),
            Ok(Ok(Appended::Lost)) => "the stream was lost again".to_owned(),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "Redis did not answer in time".to_owned(),
        };
        tracing::warn!(generation.id = %generation.id, problem, "the terminal event was not published");
    }

    async fn append_end(&self, generation: &Generation, parts: &[Part]) -> Result<Appended, StoreError> {
        let topic = Topic::of(generation.id);
        let at = end_of(generation);
        let terminal = serde_json::to_string(&terminal_event(generation))?;
        // The first event of a generation creates the stream.
        let first = at.seq == 1;
        let mut appended = self.live.append(&topic, at, std::slice::from_ref(&terminal), first).await?;
        if appended == Appended::Lost {
            let snapshot = serde_json::to_string(&snapshot_event(generation.status, parts.to_vec()))?;
            appended = self.live.append(&topic, at.previous(), &[snapshot, terminal], true).await?;
        }
        self.live.finish(&topic).await?;
        Ok(appended)
    }
}

/// The position of the terminal event.
pub(super) fn end_of(generation: &Generation) -> Position {
    Position { epoch: i64::from(generation.epoch), seq: generation.last_seq }
}

pub(super) fn snapshot_event(status: Status, parts: Vec<Part>) -> GenerationEvent {
    GenerationEvent::GenerationSnapshot { status, parts }
}

/// The terminal event, made from the document of a generation that has ended.
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
            error: generation
                .error
                .clone()
                .unwrap_or_else(|| Failure::new("INTERNAL", "the response could not be completed")),
        },
    }
}
