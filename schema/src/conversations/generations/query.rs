//! Queries of generations.

use async_graphql::{Context, ID, Object};

use super::Generation;
use crate::{
    context::{ContextExt as _, parse_id},
    errors::Result,
};

/// Queries of generations.
#[derive(Default)]
pub struct GenerationQuery;

#[Object]
impl GenerationQuery {
    /// Fetches a generation by its id.
    async fn generation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`gen_…`")] id: ID,
    ) -> Result<Option<Generation>> {
        let id = parse_id("id", &id)?;
        Ok(Some(Generation(ctx.services().generations.get(ctx.actor()?, id).await?)))
    }
}
