//! Stopping generations.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::Generation;
use crate::{
    context::{ContextExt as _, parse_id},
    errors::Result,
};

/// An answer to be stopped.
#[derive(InputObject)]
pub struct CancelGenerationInput {
    /// `gen_…`
    pub generation_id: ID,
}

/// A generation.
#[derive(SimpleObject)]
pub struct GenerationPayload {
    /// The generation.
    pub generation: Generation,
}

/// Mutations of generations.
#[derive(Default)]
pub struct GenerationMutation;

#[Object]
impl GenerationMutation {
    /// Stops an answer, whichever process it comes from. What has come is kept. One that has ended stays as it is.
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
