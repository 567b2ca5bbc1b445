//! Waiting for an execution's answer to its caller.

use futures::StreamExt as _;
use sea_orm::{ColumnTrait as _, QueryFilter as _};
use serde_json::Value;
use triptych_entities::{
    failure::Failure,
    ids::ExecutionStepId,
    payloads::execution_event::ExecutionEvent,
    relational::automation::{
        execution,
        execution_step::{self, Status},
        step,
    },
};
use triptych_stores::{
    access::{Scope, Scoped as _},
    error::{Result, ServiceError},
    fetch::Fetch as _,
};

use super::Executions;
use crate::automation::flows::Graph;

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
    /// Waits until a `respond` step of the execution has ended, else for the execution's end, and reads the answer from
    /// PostgreSQL. There is no time limit: drop the future to stop waiting.
    ///
    /// # Errors
    /// If a database does not answer. The execution is not affected.
    pub async fn wait_for_answer(&self, execution: &execution::Model) -> Result<Answer> {
        let graph = self.graphs.load(&self.stores.pg, execution.version_id).await?;
        let answers = |step: &step::Model| step.kind == step::Kind::Respond;
        let mut events = self.live.open(self.feed_of(execution.clone()), None).await?;
        while let Some(envelope) = events.next().await {
            match envelope?.event {
                ExecutionEvent::StepFinished { step_key, status: Status::Succeeded, .. }
                    if graph.steps.iter().any(|step| answers(step) && step.key == step_key) => {}
                ExecutionEvent::ExecutionFinished { .. } => {}
                _ => continue,
            }
            if let Some(answer) = self.stored_answer(execution, &graph).await? {
                return Ok(answer);
            }
        }
        Err(ServiceError::NotFound("execution"))
    }

    /// The answer of an execution; `None` while there is none.
    async fn stored_answer(&self, execution: &execution::Model, graph: &Graph) -> Result<Option<Answer>> {
        let scope = Scope::whole(execution.organization_id);
        let mut ended = execution_step::Entity::within(scope)
            .filter(execution_step::Column::ExecutionId.eq(execution.id))
            .filter(execution_step::Column::Status.eq(Status::Succeeded))
            .fetch_columns(&self.stores.pg, execution_step::without_values())
            .await?;
        ended.sort_by_key(|row| (row.finished_at, row.id));
        let answers = |row: &&execution_step::Model| {
            graph.step(row.step_id).is_some_and(|step| step.kind == step::Kind::Respond)
        };
        if let Some(row) = ended.iter().find(answers) {
            return Ok(Some(Answer::Replied(self.output_of(scope, row.id).await?)));
        }
        let now = execution::Entity::within(scope)
            .filter(execution::Column::Id.eq(execution.id))
            .fetch_columns(&self.stores.pg, execution::without_trigger())
            .await?
            .pop()
            .ok_or(ServiceError::NotFound("execution"))?;
        Ok(match now.status {
            execution::Status::Succeeded => {
                let last = ended.last().ok_or_else(|| super::advance::broken(execution.id))?;
                Some(Answer::Succeeded(self.output_of(scope, last.id).await?))
            }
            execution::Status::Failed | execution::Status::Canceled => {
                let canceled = || Failure::new("CANCELED", "the execution was canceled");
                Some(Answer::Failed(now.failure().unwrap_or_else(canceled)))
            }
            execution::Status::Queued | execution::Status::Running | execution::Status::Waiting => None,
        })
    }

    async fn output_of(&self, scope: Scope, step: ExecutionStepId) -> Result<Value> {
        Ok(self.output_within(scope, step).await?.unwrap_or_default())
    }
}
