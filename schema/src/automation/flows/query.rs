//! Finding flows.

use async_graphql::{Context, ID, Object};
use triptych_services::automation::flows;

use super::{Flow, FlowFilter, FlowOrder};
use crate::{
    connection::{Connection, page_args},
    context::{ContextExt as _, parse_id},
    errors::Result,
};

/// Queries of flows.
#[derive(Default)]
pub struct FlowQuery;

#[Object]
impl FlowQuery {
    /// One flow.
    async fn flow(&self, ctx: &Context<'_>, #[graphql(desc = "`flow_…`")] id: ID) -> Result<Option<Flow>> {
        let id = parse_id("id", &id)?;
        Ok(Some(Flow(ctx.services().flows.get(ctx.actor()?, id).await?)))
    }

    /// The organization's flows, newest first unless told otherwise.
    #[expect(clippy::too_many_arguments, reason = "the Relay arguments of a list, its filter and its order")]
    async fn flows(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "All that is given must hold.")] filter: Option<FlowFilter>,
        #[graphql(desc = "How to sort.")] order_by: Option<FlowOrder>,
        #[graphql(desc = "How many from the front; 20 unless told, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the back.")] last: Option<i32>,
        #[graphql(desc = "Go back before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Flow>> {
        let filter = filter.unwrap_or_default().parse()?;
        let order: flows::FlowOrder = order_by.map(Into::into).unwrap_or_default();
        let args = page_args(first, after, last, before);
        let page = ctx.services().flows.list(ctx.actor()?, &filter, order, &args).await?;
        Ok(Connection::of(page, Flow))
    }
}
