//! Mutations of generations.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::Generation;
use crate::{
    context::{ContextExt as _, parse_id},
    errors::Result,
};

/// Input to cancel a generation.
#[derive(InputObject)]
pub struct CancelGenerationInput {
    /// `gen_…`
    pub generation_id: ID,
}

/// A generation.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct GenerationPayload {
    /// The generation.
    pub generation: Generation,
}

/// Mutations of generations.
#[derive(Default)]
pub struct GenerationMutation;

#[Object]
impl GenerationMutation {
    /// Cancels a generation. The received part is kept. A finished generation does not change.
    async fn cancel_generation(
        &self,
        ctx: &Context<'_>,
        input: CancelGenerationInput,
    ) -> Result<GenerationPayload> {
        let id = parse_id("generationId", &input.generation_id)?;
        let generation = ctx.services().generations.cancel(ctx.actor()?, id).await?;
        Ok(GenerationPayload { generation: Generation(generation) })
    }
}
