//! Following executions live.

use async_graphql::{Context, ID, Subscription};
use futures::{Stream, StreamExt as _};

use super::event::ExecutionEnvelope;
use crate::{
    context::{ContextExt as _, parse_id},
    errors::Result,
};

/// Subscriptions of executions.
#[derive(Default)]
pub struct ExecutionSubscription;

#[Subscription]
impl ExecutionSubscription {
    /// What happened in an execution after the cursor, then what happens, up to its end.
    async fn execution_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`exec_…`")] execution_id: ID,
        #[graphql(desc = "The cursor of the last event that the caller has. Absent: from the beginning.")]
        after: Option<String>,
    ) -> Result<impl Stream<Item = Result<ExecutionEnvelope>> + use<>> {
        let id = parse_id("executionId", &execution_id)?;
        let events = ctx.services().executions.events(ctx.actor()?, id, after.as_deref()).await?;
        Ok(events.map(|envelope| Ok(envelope?.into())))
    }
}
