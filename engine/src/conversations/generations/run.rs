//! One run of a generation, from the claim to exactly one end.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures::FutureExt as _;
use tokio::time::Instant;
use triptych_entities::{
    documents::conversations::generation::{Generation, Status},
    failure::Failure,
    ids::GenerationId,
    payloads::generation_event::GenerationEvent,
};
use triptych_services::{
    conversations::generations::{Claim, Finished, Outcome},
    error::StoreError,
    live::Topic,
};

use super::{
    Generator, LEASE,
    answer::Answer,
    produce::{Ended, Production},
    writer::Writer,
};
use crate::conversations::models::{Ask, ModelError, ModelStream};

/// How often the end is tried to be stored before the job itself is tried again.
const STORE_ATTEMPTS: u32 = 20;

/// What became of a run.
#[derive(Debug)]
pub enum RunEnd {
    /// It has its one end; with the error if it failed.
    Finished { generation: Box<Generation>, error: Option<ModelError> },
    /// There was nothing to do, or another worker does it.
    NotOurs,
    /// This process stops; another begins it again.
    Released,
}

impl Generator {
    /// Runs a generation of a thread, if it is owed a run. What a queue's job calls; it may be called for the same
    /// generation any number of times.
    ///
    /// # Errors
    /// If `MongoDB` does not answer; the job should be tried again.
    #[tracing::instrument(skip_all, fields(generation.id = %id))]
    pub async fn run(&self, id: GenerationId) -> Result<RunEnd, StoreError> {
        if self.stop.is_cancelled() {
            return Ok(RunEnd::Released);
        }
        match self.generations.claim(id, self.worker, LEASE).await? {
            Some(claim) => self.answer(claim).await,
            None => Ok(RunEnd::NotOurs),
        }
    }

    pub(super) async fn answer(&self, claim: Claim) -> Result<RunEnd, StoreError> {
        let generation = &claim.generation;
        let hold = self.held.hold(generation.id, generation.epoch);
        if generation.abort_requested_at.is_some() {
            return self.end(&claim, Outcome::aborted(), None).await;
        }
        let opening = if generation.epoch == 1 {
            GenerationEvent::GenerationStarted {
                model: generation.model.clone(),
                at: self.generations.mint().now(),
            }
        } else {
            GenerationEvent::GenerationRestarted {
                epoch: generation.epoch,
                at: self.generations.mint().now(),
            }
        };
        let live = self.generations.live().clone();
        let topic = Topic::of(generation.id);
        let mut production = Production {
            answer: Answer::default(),
            writer: Writer::new(live, topic, i64::from(generation.epoch), opening),
            signal: hold.signal.clone(),
            stop: self.stop.clone(),
            asked_at: Instant::now(),
            first_token: None,
        };
        let ended = match self.ask(&claim) {
            // A panic while answering must not leave a generation that never ends.
            Ok(stream) => {
                AssertUnwindSafe(production.run(stream)).catch_unwind().await.unwrap_or_else(|_| {
                    tracing::error!(generation.id = %generation.id, "answering panicked");
                    Ended::Failed(ModelError::temporary(ModelError::INTERNAL, "something went wrong here"))
                })
            }
            Err(error) => Ended::Failed(error),
        };
        tracing::debug!(generation.id = %generation.id, epoch = generation.epoch, ?ended, "a run has ended");
        let (status, reason, error) = match ended {
            Ended::Lost => return Ok(RunEnd::NotOurs),
            Ended::Stopped => {
                self.generations.release(&claim).await?;
                return Ok(RunEnd::Released);
            }
            Ended::Finished { reason } => (Status::Completed, reason, None),
            Ended::Aborted => (Status::Aborted, None, None),
            Ended::Failed(error) => (Status::Failed, None, Some(error)),
        };
        let usage = production.answer.usage.take();
        let outcome = Outcome {
            status,
            usage: if status == Status::Completed { Some(usage.unwrap_or_default()) } else { usage },
            finish_reason: reason,
            error: error
                .as_ref()
                .map(|error| Failure { code: error.code.to_owned(), message: error.message.clone() }),
            time_to_first_token_ms: production.first_token,
            last_seq: production.writer.seq(),
            parts: std::mem::take(&mut production.answer.parts),
        };
        self.end(&claim, outcome, error).await
    }

    fn ask(&self, claim: &Claim) -> Result<ModelStream, ModelError> {
        let (model, name) = self.models.resolve(&claim.generation.model)?;
        Ok(model.stream(Ask {
            model: name,
            prompt: claim.prompt.clone(),
            parameters: claim.generation.parameters.clone(),
        }))
    }

    /// Stores the end, for as long as it takes `MongoDB` to come back. The lease is kept meanwhile.
    async fn end(
        &self,
        claim: &Claim,
        outcome: Outcome,
        error: Option<ModelError>,
    ) -> Result<RunEnd, StoreError> {
        let mut pause = Duration::from_millis(100);
        for attempt in 1.. {
            match self.generations.finish(claim, outcome.clone()).await {
                Ok(Finished::Stored(generation)) => return Ok(RunEnd::Finished { generation, error }),
                Ok(Finished::Fenced) => return Ok(RunEnd::NotOurs),
                Err(error) if attempt >= STORE_ATTEMPTS || self.stop.is_cancelled() => return Err(error),
                Err(error) => {
                    tracing::warn!(generation.id = %claim.generation.id, %error, attempt, "the end is not stored yet");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(10));
                }
            }
        }
        Ok(RunEnd::NotOurs)
    }
}
