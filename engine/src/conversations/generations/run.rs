//! One run of a generation, from the claim to its terminal state.

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
    error::{INTERNAL, StoreError},
    live::Topic,
};

use super::{
    Generator, LEASE,
    answer::Answer,
    produce::{Ended, Production},
    writer::{Run, Writer},
};
use crate::conversations::models::{CompletionRequest, ModelError, ModelStream};

/// Attempts to store the result before the job is retried.
const STORE_ATTEMPTS: u32 = 20;

/// The outcome of a run.
#[derive(Debug)]
pub enum RunEnd {
    /// The generation reached its terminal state; with the error if it failed.
    Finished { generation: Box<Generation>, error: Option<ModelError> },
    /// The generation has ended already, or another worker runs it.
    NotOurs,
    /// This process is shutting down; another worker restarts the generation.
    Released,
}

impl Generator {
    /// Runs a generation of a thread, if it is queued or the lease of its worker has expired. Idempotent.
    ///
    /// # Errors
    /// If `MongoDB` does not answer; the job should be retried.
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
        let mut production = Production {
            answer: Answer::default(),
            writer: self.writer(generation),
            signal: hold.signal.clone(),
            stop: self.stop.clone(),
            asked_at: Instant::now(),
            first_token: None,
        };
        let ended = match self.request(&claim) {
            // A panic must not leave a generation without a terminal state.
            Ok(stream) => {
                AssertUnwindSafe(production.run(stream)).catch_unwind().await.unwrap_or_else(|_| {
                    tracing::error!(generation.id = %generation.id, "a generation panicked");
                    Ended::Failed(ModelError::temporary(ModelError::INTERNAL, INTERNAL))
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
            error: error.as_ref().map(|error| Failure::new(error.code, error.message.clone())),
            time_to_first_token_ms: production.first_token,
            last_seq: production.writer.seq(),
            parts: std::mem::take(&mut production.answer.parts),
        };
        self.end(&claim, outcome, error).await
    }

    fn writer(&self, generation: &Generation) -> Writer {
        let at = self.generations.clock().now();
        let opening = match generation.epoch {
            1 => GenerationEvent::GenerationStarted { model: generation.model.clone(), at },
            epoch => GenerationEvent::GenerationRestarted { epoch, at },
        };
        let live = self.generations.live().clone();
        let run = Run { topic: Topic::of(generation.id), epoch: i64::from(generation.epoch), opening };
        Writer::new(live, run, self.held.clone())
    }

    fn request(&self, claim: &Claim) -> Result<ModelStream, ModelError> {
        let (model, name) = self.models.resolve(&claim.generation.model)?;
        Ok(model.stream(CompletionRequest {
            model: name,
            prompt: claim.prompt.clone(),
            parameters: claim.generation.parameters.clone(),
        }))
    }

    /// Stores the result, and retries while `MongoDB` is unavailable. The lease is renewed meanwhile.
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
                    tracing::warn!(generation.id = %claim.generation.id, %error, attempt, "the result of a generation was not stored, retrying");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(10));
                }
            }
        }
        Ok(RunEnd::NotOurs)
    }
}
