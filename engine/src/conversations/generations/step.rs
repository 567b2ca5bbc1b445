//! Answers for AI steps of flows, asked for and awaited within the step.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;
use triptych_entities::{
    documents::conversations::{
        generation::{Generation, Usage},
        part::Part,
    },
    ids::GenerationId,
};
use triptych_services::{
    conversations::generations::{StepPrompt, StepStart},
    error::{Code, Coded as _, ServiceError},
};

use super::{Generator, LEASE, RunEnd};
use crate::conversations::models::ModelError;

/// Between looks at a generation that another worker holds.
const LOOK: Duration = Duration::from_millis(250);

/// What an AI step puts out.
#[derive(Debug, Clone, PartialEq)]
pub struct StepAnswer {
    pub generation_id: GenerationId,
    pub text: String,
    /// The answer parsed, where a JSON Schema was given.
    pub object: Option<Value>,
    pub usage: Usage,
}

impl Generator {
    /// Asks a model on behalf of a step and waits for the whole answer. The same run of a step is answered once: a
    /// repeated call gets the stored answer and pays nothing.
    ///
    /// # Errors
    /// Why there is no answer, and whether to try again.
    #[tracing::instrument(skip_all, fields(execution_step.id = %ask.execution_step_id))]
    pub async fn run_step_generation(&self, ask: StepPrompt) -> Result<StepAnswer, ModelError> {
        let wants_object = ask.parameters.json_schema.is_some();
        let patience = Instant::now() + LEASE + LEASE / 3;
        loop {
            let start = self
                .generations
                .start_step(&ask, self.worker, LEASE)
                .await
                .map_err(|error| failure(&error))?;
            match start {
                StepStart::Answered(generation) => return answer(*generation, wants_object),
                StepStart::Aborted(_) => return Err(aborted()),
                StepStart::Busy if Instant::now() > patience => {
                    return Err(unavailable("another worker is asking for this answer"));
                }
                StepStart::Busy => tokio::select! {
                    () = tokio::time::sleep(LOOK) => {}
                    () = self.stop.cancelled() => return Err(stopping()),
                },
                StepStart::Claimed(claim) => {
                    let end = self.answer(*claim).await;
                    match end.map_err(|error| failure(&ServiceError::from(error)))? {
                        RunEnd::Finished { error: Some(error), .. } => return Err(error),
                        // Completed or aborted: the next look tells which.
                        RunEnd::Finished { .. } | RunEnd::NotOurs => {}
                        RunEnd::Released => return Err(stopping()),
                    }
                }
            }
        }
    }
}

fn answer(generation: Generation, wants_object: bool) -> Result<StepAnswer, ModelError> {
    let text = Part::text_of(&generation.parts);
    let object = if wants_object { Some(parse(&text)?) } else { None };
    Ok(StepAnswer { generation_id: generation.id, text, object, usage: generation.usage.unwrap_or_default() })
}

/// Models like to put their JSON into a fence.
fn parse(text: &str) -> Result<Value, ModelError> {
    let bare = text.trim();
    let bare = bare.strip_prefix("```json").or_else(|| bare.strip_prefix("```")).unwrap_or(bare);
    let bare = bare.strip_suffix("```").unwrap_or(bare);
    serde_json::from_str(bare.trim()).map_err(|_| {
        ModelError::permanent(
            ModelError::UPSTREAM_FAILED,
            "the model's answer is not the JSON that was asked for",
        )
    })
}

fn failure(error: &ServiceError) -> ModelError {
    match error.code() {
        Code::BadUserInput => ModelError::permanent(ModelError::BAD_USER_INPUT, error.to_string()),
        Code::Unavailable => {
            tracing::warn!(%error, "an AI step cannot go on");
            unavailable("a database is away")
        }
        _ => {
            tracing::error!(%error, "an AI step cannot go on");
            ModelError::permanent(ModelError::INTERNAL, "something went wrong here")
        }
    }
}

fn aborted() -> ModelError {
    ModelError::permanent(ModelError::ABORTED, "the answer was stopped")
}

fn stopping() -> ModelError {
    unavailable("this worker stops")
}

fn unavailable(message: &str) -> ModelError {
    ModelError::temporary(ModelError::UNAVAILABLE, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_found_within_a_fence() {
        assert_eq!(parse("```json\n{\"a\": 1}\n```").unwrap()["a"], 1);
        assert_eq!(parse(" [1] ").unwrap()[0], 1);
        assert!(!parse("I cannot").unwrap_err().retryable);
    }
}
