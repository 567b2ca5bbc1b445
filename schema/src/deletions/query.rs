//! Queries of deletions.

use async_graphql::{Context, Object};
use triptych_services::page::PageArgs;

use super::{Deletion, object::DeletionStatus};
use crate::{
    connection::{Connection, page_args},
    context::ContextExt as _,
    errors::Result,
    selection,
};

/// Queries of deletions.
#[derive(Default)]
pub struct DeletionQuery;

#[Object]
impl DeletionQuery {
    /// Lists the deletions that the viewer has requested and that are removed in the background, newest first.
    async fn deletions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those with this status.")] status: Option<DeletionStatus>,
        #[graphql(desc = "The number of items from the start; default 20, maximum 100.")] first: Option<i32>,
        #[graphql(desc = "Returns items after this cursor.")] after: Option<String>,
        #[graphql(desc = "The number of items from the end; maximum 100.")] last: Option<i32>,
        #[graphql(desc = "Returns items before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Deletion>> {
        let selection = selection::of_connection::<Deletion>(ctx);
        let args = PageArgs { selection, ..page_args(first, after, last, before) };
        let unfinished = status.map(|status| status == DeletionStatus::Running);
        let page = ctx.services().deletions.list(ctx.actor()?, unfinished, &args).await?;
        Ok(Connection::of(page, Deletion))
    }
}
