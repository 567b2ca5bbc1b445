//! Queries of threads.

use async_graphql::{Context, ID, Object};

use super::{
    Thread,
    input::{ThreadFilter, ThreadOrder},
};
use crate::{
    connection::{Connection, page_args},
    context::{ContextExt as _, parse_id},
    errors::Result,
};

/// Queries of threads.
#[derive(Default)]
pub struct ThreadQuery;

#[Object]
impl ThreadQuery {
    /// Fetches a thread by its id.
    async fn thread(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`thread_…`")] id: ID,
    ) -> Result<Option<Thread>> {
        let id = parse_id("id", &id)?;
        Ok(Some(Thread(ctx.services().threads.get(ctx.actor()?, id).await?)))
    }

    /// Lists the threads of the caller. Default order: newest first.
    #[expect(clippy::too_many_arguments, reason = "the Relay arguments of a list, its filter and its order")]
    async fn threads(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The filter.")] filter: Option<ThreadFilter>,
        #[graphql(desc = "The order.")] order_by: Option<ThreadOrder>,
        #[graphql(desc = "The number of items from the start; default 20, maximum 100.")] first: Option<i32>,
        #[graphql(desc = "Returns items after this cursor.")] after: Option<String>,
        #[graphql(desc = "The number of items from the end; maximum 100.")] last: Option<i32>,
        #[graphql(desc = "Returns items before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Thread>> {
        let filter = filter.unwrap_or_default().parse()?;
        let order = order_by.map(Into::into).unwrap_or_default();
        let args = page_args(first, after, last, before);
        let page = ctx.services().threads.list(ctx.actor()?, &filter, order, &args).await?;
        Ok(Connection::of(page, Thread))
    }
}
