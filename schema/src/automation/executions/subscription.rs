//! Subscriptions of executions.

use async_graphql::{Context, ID, Subscription};
use futures::Stream;

use super::event::ExecutionEnvelope;
use crate::{
    context::{ContextExt as _, parse_id},
    errors::Result,
    feed::follow,
};

/// Subscriptions of executions.
#[derive(Default)]
pub struct ExecutionSubscription;

#[Subscription]
impl ExecutionSubscription {
    /// Follows an execution: the events after the cursor, then new events until it finishes. Events that are no
    /// longer stored are replaced by the `StepFinished` events of the history.
    async fn execution_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`exec_…`")] execution_id: ID,
        #[graphql(desc = "The cursor of the last event received. Absent: from the beginning.")] after: Option<
            String,
        >,
    ) -> Result<impl Stream<Item = Result<ExecutionEnvelope>> + use<>> {
        let id = parse_id("executionId", &execution_id)?;
        let actor = ctx.actor()?;
        follow(ctx, || ctx.services().executions.feed(actor, id), after).await
    }
}
