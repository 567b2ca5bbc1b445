//! Reading the history.

use async_graphql::{Context, ID, Object};

use super::{Execution, ExecutionFilter};
use crate::{
    connection::{Connection, page_args},
    context::{ContextExt as _, parse_id},
    errors::Result,
};

/// Queries of executions.
#[derive(Default)]
pub struct ExecutionQuery;

#[Object]
impl ExecutionQuery {
    /// One execution.
    async fn execution(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`exec_…`")] id: ID,
    ) -> Result<Option<Execution>> {
        let id = parse_id("id", &id)?;
        Ok(Some(Execution(ctx.services().executions.get(ctx.actor()?, id).await?)))
    }

    /// The organization's executions, newest first.
    async fn executions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "All that is given must hold.")] filter: Option<ExecutionFilter>,
        #[graphql(desc = "How many from the front; 20 unless told, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the back.")] last: Option<i32>,
        #[graphql(desc = "Go back before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Execution>> {
        let filter = filter.unwrap_or_default().parse()?;
        let args = page_args(first, after, last, before);
        let page = ctx.services().executions.list(ctx.actor()?, &filter, &args).await?;
        Ok(Connection::of(page, Execution))
    }
}
