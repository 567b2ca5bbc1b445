//! Watching answers as they are written.

use async_graphql::{Context, ID, Subscription};
use futures::{Stream, StreamExt as _};

use super::event::GenerationEnvelope;
use crate::{
    context::{ContextExt as _, parse_id},
    errors::Result,
};

/// Subscriptions of generations.
#[derive(Default)]
pub struct GenerationSubscription;

#[Subscription]
impl GenerationSubscription {
    /// What was told of an answer after the cursor, then what is told, up to its one end. Nothing is left out and
    /// nothing comes twice; where events are lost, a `GenerationSnapshot` stands for them.
    async fn generation_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`gen_…`")] generation_id: ID,
        #[graphql(desc = "The cursor of the last event that the caller has. Absent: from the beginning.")]
        after: Option<String>,
    ) -> Result<impl Stream<Item = Result<GenerationEnvelope>> + use<>> {
        let id = parse_id("generationId", &generation_id)?;
        let events = ctx.services().generations.events(ctx.actor()?, id, after.as_deref()).await?;
        Ok(events.map(|envelope| Ok(envelope?.into())))
    }
}
