//! Queries of executions.

use async_graphql::{Context, ID, Object};
use triptych_services::page::PageArgs;

use super::{Execution, ExecutionFilter};
use crate::{
    connection::{Connection, page_args},
    context::{ContextExt as _, parse_id},
    errors::Result,
    selection,
};

/// Queries of executions.
#[derive(Default)]
pub struct ExecutionQuery;

#[Object]
impl ExecutionQuery {
    /// Fetches an execution by its id.
    async fn execution(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`exec_…`")] id: ID,
    ) -> Result<Option<Execution>> {
        let id = parse_id("id", &id)?;
        Ok(Some(Execution(ctx.services().executions.get(ctx.actor()?, id).await?)))
    }

    /// Lists the executions of the organization, newest first.
    async fn executions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The filter.")] filter: Option<ExecutionFilter>,
        #[graphql(desc = "The number of items from the start; default 20, maximum 100.")] first: Option<i32>,
        #[graphql(desc = "Returns items after this cursor.")] after: Option<String>,
        #[graphql(desc = "The number of items from the end; maximum 100.")] last: Option<i32>,
        #[graphql(desc = "Returns items before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Execution>> {
        let filter = filter.unwrap_or_default().parse()?;
        let selection = selection::of_connection::<Execution>(ctx);
        let args = PageArgs { selection, ..page_args(first, after, last, before) };
        let page = ctx.services().executions.list(ctx.actor()?, &filter, &args).await?;
        Ok(Connection::of(page, Execution))
    }
}
