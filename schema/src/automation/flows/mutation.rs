//! Mutations of flows.

use async_graphql::{Context, Object, SimpleObject};
use triptych_services::automation::flows::{FlowChanges, NewFlow};

use super::{
    Flow,
    input::{
        CreateFlowInput, DeleteFlowInput, DuplicateFlowInput, PauseFlowInput, PublishFlowInput,
        RotateWebhookInput, UpdateFlowDraftInput, graph,
    },
};
use crate::{
    change::change,
    context::{ContextExt as _, parse_id},
    deletions::Deletion,
    errors::Result,
    payloads::DeletePayload,
};

/// A flow.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct FlowPayload {
    /// The current state.
    pub flow: Flow,
}

/// Mutations of flows.
#[derive(Default)]
pub struct FlowMutation;

#[Object]
impl FlowMutation {
    /// Creates a flow with its draft. Invalid values are refused, each problem with its path; missing parts, such as a
    /// trigger, can be added before publishing. Repeating it with the same `clientId` returns the same flow.
    async fn create_flow(&self, ctx: &Context<'_>, input: CreateFlowInput) -> Result<FlowPayload> {
        let graph = graph(input.steps, input.links)?;
        let new = NewFlow { name: input.name, notes: input.notes, client_id: input.client_id, graph };
        Ok(FlowPayload { flow: Flow(ctx.services().flows.create(ctx.actor()?, new).await?) })
    }

    /// Updates the name or the draft of a flow. The published version does not change. Repeating it has no effect.
    async fn update_flow_draft(&self, ctx: &Context<'_>, input: UpdateFlowDraftInput) -> Result<FlowPayload> {
        let id = parse_id("flowId", &input.flow_id)?;
        let graph = match input.steps {
            Some(steps) => Some(graph(Some(steps), input.links)?),
            None => None,
        };
        let changes = FlowChanges { name: input.name, notes: change(input.notes), graph };
        let flow = ctx.services().flows.update_draft(ctx.actor()?, id, changes).await?;
        Ok(FlowPayload { flow: Flow(flow) })
    }

    /// Publishes the draft, which the next trigger uses. Executions in progress finish on their version. Activates the
    /// triggers of a paused flow. Repeating it has no effect.
    async fn publish_flow(&self, ctx: &Context<'_>, input: PublishFlowInput) -> Result<FlowPayload> {
        let id = parse_id("flowId", &input.flow_id)?;
        Ok(FlowPayload { flow: Flow(ctx.services().flows.publish(ctx.actor()?, id).await?) })
    }

    /// Pauses the triggers of a flow. Executions in progress finish. Repeating it has no effect.
    async fn pause_flow(&self, ctx: &Context<'_>, input: PauseFlowInput) -> Result<FlowPayload> {
        let id = parse_id("flowId", &input.flow_id)?;
        Ok(FlowPayload { flow: Flow(ctx.services().flows.pause(ctx.actor()?, id).await?) })
    }

    /// Gives the webhook of a flow another address. The former address answers 404 from then on. Repeating it changes the
    /// address again.
    async fn rotate_webhook(&self, ctx: &Context<'_>, input: RotateWebhookInput) -> Result<FlowPayload> {
        let id = parse_id("flowId", &input.flow_id)?;
        Ok(FlowPayload { flow: Flow(ctx.services().flows.rotate_webhook(ctx.actor()?, id).await?) })
    }

    /// Creates a copy of the draft of a flow, which the caller owns.
    async fn duplicate_flow(&self, ctx: &Context<'_>, input: DuplicateFlowInput) -> Result<FlowPayload> {
        let id = parse_id("flowId", &input.flow_id)?;
        let flows = &ctx.services().flows;
        let copy = flows.duplicate(ctx.actor()?, id, input.name, input.client_id).await?;
        Ok(FlowPayload { flow: Flow(copy) })
    }

    /// Deletes a flow with its versions, webhook, schedules, own credentials and history. All of it is hidden at once, its
    /// executions are cancelled, and it is removed in the background. Repeating it fails with `NOT_FOUND`.
    async fn delete_flow(&self, ctx: &Context<'_>, input: DeleteFlowInput) -> Result<DeletePayload> {
        let id = parse_id("flowId", &input.flow_id)?;
        let deletion = ctx.services().flows.delete(ctx.actor()?, id).await?;
        Ok(DeletePayload { deleted_id: input.flow_id, deletion: Some(Deletion(deletion)) })
    }
}
