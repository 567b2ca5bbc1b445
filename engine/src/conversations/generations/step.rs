//! Runs the generations of AI steps within the step.

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
    conversations::generations::{StepRequest, StepStart},
    error::{Code, Coded as _, INTERNAL, ServiceError, UNAVAILABLE},
};

use super::{Generator, LEASE, RunEnd};
use crate::conversations::models::ModelError;

/// Interval of polls while another worker runs the generation.
const POLL: Duration = Duration::from_millis(250);

/// The output of an AI step.
#[derive(Debug, Clone, PartialEq)]
pub struct StepAnswer {
    pub generation_id: GenerationId,
    pub text: String,
    /// The response as JSON, if a JSON Schema was given.
    pub object: Option<Value>,
    pub usage: Usage,
}

impl Generator {
    /// Requests a response from a model for a step, and waits for all of it. A repeated call for the same run of a step
    /// returns the stored response, without another request.
    ///
    /// # Errors
    /// Why there is no response, and whether the step may be retried.
    #[tracing::instrument(skip_all, fields(execution_step.id = %request.execution_step_id))]
    pub async fn run_step_generation(&self, request: StepRequest) -> Result<StepAnswer, ModelError> {
        let wants_object = request.parameters.json_schema.is_some();
        let deadline = Instant::now() + LEASE + LEASE / 3;
        loop {
            let start = self
                .generations
                .start_step(&request, self.worker, LEASE)
                .await
                .map_err(|error| failure(&request, &error))?;
            match start {
                StepStart::Answered(generation) => return answer(*generation, wants_object),
                StepStart::Aborted(_) => return Err(aborted()),
                StepStart::Busy if Instant::now() > deadline => {
                    return Err(unavailable("another worker runs the generation of this step"));
                }
                StepStart::Busy => tokio::select! {
                    () = tokio::time::sleep(POLL) => {}
                    () = self.stop.cancelled() => return Err(stopping()),
                },
                StepStart::Claimed(claim) => {
                    let end = self.answer(*claim).await;
                    match end.map_err(|error| failure(&request, &ServiceError::from(error)))? {
                        RunEnd::Finished { error: Some(error), .. } => return Err(error),
                        // Completed or aborted: the next poll reads which.
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

/// Models often wrap JSON in a Markdown code fence.
fn parse(text: &str) -> Result<Value, ModelError> {
    let bare = text.trim();
    let bare = bare.strip_prefix("```json").or_else(|| bare.strip_prefix("```")).unwrap_or(bare);
    let bare = bare.strip_suffix("```").unwrap_or(bare);
    serde_json::from_str(bare.trim()).map_err(|_| {
        ModelError::permanent(ModelError::UPSTREAM_FAILED, "the response of the model is not valid JSON")
    })
}

fn failure(request: &StepRequest, error: &ServiceError) -> ModelError {
    match error.code() {
        Code::BadUserInput => ModelError::permanent(ModelError::BAD_USER_INPUT, error.to_string()),
        Code::Unavailable => {
            tracing::warn!(%error, execution_step.id = %request.execution_step_id, "database unavailable");
            unavailable(UNAVAILABLE)
        }
        _ => {
            tracing::error!(%error, execution_step.id = %request.execution_step_id, "internal error");
            ModelError::permanent(ModelError::INTERNAL, INTERNAL)
        }
    }
}

fn aborted() -> ModelError {
    ModelError::permanent(ModelError::ABORTED, "the generation was cancelled")
}

fn stopping() -> ModelError {
    unavailable("the worker is shutting down")
}

fn unavailable(message: &str) -> ModelError {
    ModelError::temporary(ModelError::UNAVAILABLE, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_extracted_from_a_code_fence() {
        assert_eq!(parse("```json\n{\"a\": 1}\n```").unwrap()["a"], 1);
        assert_eq!(parse(" [1] ").unwrap()[0], 1);
        assert!(!parse("I cannot").unwrap_err().retryable);
    }
}
