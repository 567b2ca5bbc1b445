//! Finding threads.

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
    /// One conversation.
    async fn thread(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`thread_…`")] id: ID,
    ) -> Result<Option<Thread>> {
        let id = parse_id("id", &id)?;
        Ok(Some(Thread(ctx.services().threads.get(ctx.actor()?, id).await?)))
    }

    /// The caller's conversations, newest first unless told otherwise.
    #[expect(clippy::too_many_arguments, reason = "the Relay arguments of a list, its filter and its order")]
    async fn threads(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "All that is given must hold.")] filter: Option<ThreadFilter>,
        #[graphql(desc = "How to sort.")] order_by: Option<ThreadOrder>,
        #[graphql(desc = "How many from the front; 20 unless told, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the back.")] last: Option<i32>,
        #[graphql(desc = "Go back before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Thread>> {
        let filter = filter.unwrap_or_default().parse()?;
        let order = order_by.map(Into::into).unwrap_or_default();
        let args = page_args(first, after, last, before);
        let page = ctx.services().threads.list(ctx.actor()?, &filter, order, &args).await?;
        Ok(Connection::of(page, Thread))
    }
}
