//! Waiting for an execution's answer to its caller.

use futures::StreamExt as _;
use serde_json::Value;
use triptych_entities::{
    failure::Failure,
    payloads::{execution_event::ExecutionEvent, step_output::StepOutput},
    relational::automation::{execution, execution_step, step},
};
use triptych_stores::{
    access::Scope,
    error::{Result, ServiceError},
};

use super::Executions;

/// What the waiting caller receives.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The output of a `respond` step: `{ status headers body }`. The execution may continue.
    Replied(Value),
    /// The execution has ended well; the output of the step that ended last.
    Succeeded(Value),
    /// The execution has failed or was canceled.
    Failed(Failure),
}

impl Executions {
    /// Waits until a `respond` step of the execution has ended, else for the execution's end. There is no time
    /// limit: drop the future to stop waiting.
    ///
    /// # Errors
    /// If a database does not answer.
    pub async fn wait_for_answer(&self, execution: &execution::Model) -> Result<Answer> {
        let graph = self.graphs.load(&self.stores.pg, execution.version_id).await?;
        let answers =
            |key: &str| graph.steps.iter().any(|step| step.kind == step::Kind::Respond && step.key == key);
        let mut events = self.live.open(self.feed_of(execution.clone()), None).await?;
        let mut last = StepOutput::Inline(None);
        while let Some(envelope) = events.next().await {
            match envelope?.event {
                ExecutionEvent::StepFinished {
                    step_key,
                    status: execution_step::Status::Succeeded,
                    output,
                    ..
                } => {
                    if answers(&step_key) {
                        return Ok(Answer::Replied(self.whole(execution, output).await?));
                    }
                    last = output;
                }
                ExecutionEvent::ExecutionFinished { status: execution::Status::Succeeded, .. } => {
                    return Ok(Answer::Succeeded(self.whole(execution, last).await?));
                }
                ExecutionEvent::ExecutionFinished { error, .. } => {
                    let canceled = || Failure::new("CANCELED", "the execution was canceled");
                    return Ok(Answer::Failed(error.unwrap_or_else(canceled)));
                }
                _ => {}
            }
        }
        Err(ServiceError::NotFound("execution"))
    }

    /// The output that an event contains or refers to.
    async fn whole(&self, execution: &execution::Model, output: StepOutput) -> Result<Value> {
        let output = match output {
            StepOutput::Inline(output) => output,
            StepOutput::Stored(step) => {
                self.output_within(Scope::whole(execution.organization_id), step).await?
            }
        };
        Ok(output.unwrap_or_default())
    }
}
