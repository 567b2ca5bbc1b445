//! Queries of flows.

use async_graphql::{Context, ID, Object};
use triptych_services::{automation::flows, page::PageArgs};

use super::{Flow, FlowFilter, FlowOrder};
use crate::{
    connection::{Connection, page_args},
    context::{ContextExt as _, parse_id},
    errors::Result,
    selection,
};

/// Queries of flows.
#[derive(Default)]
pub struct FlowQuery;

#[Object]
impl FlowQuery {
    /// Fetches a flow by its id.
    async fn flow(&self, ctx: &Context<'_>, #[graphql(desc = "`flow_…`")] id: ID) -> Result<Option<Flow>> {
        let id = parse_id("id", &id)?;
        Ok(Some(Flow(ctx.services().flows.get(ctx.actor()?, id).await?)))
    }

    /// Lists the flows of the organization. Default order: newest first.
    #[expect(clippy::too_many_arguments, reason = "the Relay arguments of a list, its filter and its order")]
    async fn flows(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The filter.")] filter: Option<FlowFilter>,
        #[graphql(desc = "The order.")] order_by: Option<FlowOrder>,
        #[graphql(desc = "The number of items from the start; default 20, maximum 100.")] first: Option<i32>,
        #[graphql(desc = "Returns items after this cursor.")] after: Option<String>,
        #[graphql(desc = "The number of items from the end; maximum 100.")] last: Option<i32>,
        #[graphql(desc = "Returns items before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Flow>> {
        let filter = filter.unwrap_or_default().parse()?;
        let order: flows::FlowOrder = order_by.map(Into::into).unwrap_or_default();
        let selection = selection::of_connection::<Flow>(ctx);
        let args = PageArgs { selection, ..page_args(first, after, last, before) };
        let page = ctx.services().flows.list(ctx.actor()?, &filter, order, &args).await?;
        Ok(Connection::of(page, Flow))
    }
}
