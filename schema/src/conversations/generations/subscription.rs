//! Subscriptions of generations.

use async_graphql::{Context, ID, Subscription};
use futures::Stream;

use super::event::GenerationEnvelope;
use crate::{
    context::{ContextExt as _, parse_id},
    errors::Result,
    feed::follow,
};

/// Subscriptions of generations.
#[derive(Default)]
pub struct GenerationSubscription;

#[Subscription]
impl GenerationSubscription {
    /// Follows a generation: the events after the cursor, then new events up to the terminal event. No event is
    /// missing or sent twice; a `GenerationSnapshot` replaces events that are no longer stored.
    async fn generation_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`gen_…`")] generation_id: ID,
        #[graphql(desc = "The cursor of the last event received. Absent: from the beginning.")] after: Option<
            String,
        >,
    ) -> Result<impl Stream<Item = Result<GenerationEnvelope>> + use<>> {
        let id = parse_id("generationId", &generation_id)?;
        let actor = ctx.actor()?;
        follow(ctx, || ctx.services().generations.feed(actor, id), after).await
    }
}
