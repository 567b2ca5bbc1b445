//! Mutations of executions.

use async_graphql::{Context, Object, SimpleObject};
use triptych_services::automation::executions::ManualRun;

use super::{
    Execution,
    input::{CancelExecutionInput, RetryExecutionInput, RunFlowInput},
};
use crate::{
    context::{ContextExt as _, parse_id},
    errors::Result,
};

/// An execution.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct ExecutionPayload {
    /// The current state.
    pub execution: Execution,
}

/// Mutations of executions.
#[derive(Default)]
pub struct ExecutionMutation;

#[Object]
impl ExecutionMutation {
    /// Runs a flow manually. Repeating it runs the flow again, unless `clientId` is the same.
    async fn run_flow(&self, ctx: &Context<'_>, input: RunFlowInput) -> Result<ExecutionPayload> {
        let run = ManualRun {
            flow_id: parse_id("flowId", &input.flow_id)?,
            payload: input.payload.map(|payload| payload.0),
            version: input.version,
            test: input.test,
            client_id: input.client_id,
        };
        let execution = ctx.services().executions.run(ctx.actor()?, run).await?;
        Ok(ExecutionPayload { execution: Execution(execution) })
    }

    /// Cancels an execution. The results of running steps are ignored. Repeating it has no effect.
    async fn cancel_execution(
        &self,
        ctx: &Context<'_>,
        input: CancelExecutionInput,
    ) -> Result<ExecutionPayload> {
        let id = parse_id("executionId", &input.execution_id)?;
        let execution = ctx.services().executions.cancel(ctx.actor()?, id).await?;
        Ok(ExecutionPayload { execution: Execution(execution) })
    }

    /// Retries an execution that has ended, on the same version. While it is in progress, repeating it
    /// fails with `CONFLICT`.
    async fn retry_execution(
        &self,
        ctx: &Context<'_>,
        input: RetryExecutionInput,
    ) -> Result<ExecutionPayload> {
        let id = parse_id("executionId", &input.execution_id)?;
        let execution = ctx.services().executions.retry(ctx.actor()?, id, input.from_step.into()).await?;
        Ok(ExecutionPayload { execution: Execution(execution) })
    }
}
