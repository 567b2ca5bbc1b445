//! Waiting for what an execution answers to whoever started it.

use futures::StreamExt as _;
use serde_json::Value;
use triptych_entities::{
    payloads::execution_event::{ExecutionEvent, Failure},
    relational::automation::{execution, execution_step, step},
};
use triptych_stores::error::{Result, ServiceError};

use super::Executions;

/// What the caller who waits is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The output of a step whose purpose is to answer: `{ status headers body }`. The execution may go on.
    Replied(Value),
    /// The execution has ended well; the output of the step that ended last.
    Succeeded(Value),
    /// The execution has failed or was canceled.
    Failed(Failure),
}

impl Executions {
    /// Waits until a step of the execution answers, else for its end. There is no time limit: drop the future.
    ///
    /// # Errors
    /// If a database does not answer.
    pub async fn wait_for_answer(&self, execution: &execution::Model) -> Result<Answer> {
        let graph = self.graphs.load(&self.stores.pg, execution.version_id).await?;
        let answers =
            |key: &str| graph.steps.iter().any(|step| step.kind == step::Kind::Respond && step.key == key);
        let mut events = Box::pin(self.follow(execution.id, None));
        let mut last = Value::Null;
        while let Some(envelope) = events.next().await {
            match envelope?.event {
                ExecutionEvent::StepFinished {
                    step_key,
                    status: execution_step::Status::Succeeded,
                    output,
                    ..
                } => {
                    let output = output.unwrap_or_default();
                    if answers(&step_key) {
                        return Ok(Answer::Replied(output));
                    }
                    last = output;
                }
                ExecutionEvent::ExecutionFinished { status: execution::Status::Succeeded, .. } => {
                    return Ok(Answer::Succeeded(last));
                }
                ExecutionEvent::ExecutionFinished { error, .. } => {
                    return Ok(Answer::Failed(error.unwrap_or_else(canceled)));
                }
                _ => {}
            }
        }
        Err(ServiceError::NotFound("execution"))
    }
}

fn canceled() -> Failure {
    Failure { code: "CANCELED".to_owned(), message: "the execution was canceled".to_owned() }
}
