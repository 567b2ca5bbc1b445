//! Looking things up in the catalogue.

#![expect(clippy::unused_async, reason = "resolvers are asynchronous, whether they wait for anything or not")]

use async_graphql::{Context, Object, Result};
use futures::FutureExt as _;
use triptych_services::page::Window;

use super::object::Integration;
use crate::{
    connection::{List, list, page_args, page_cost, slice},
    context::ContextExt as _,
};

/// Queries of the catalogue.
#[derive(Default)]
pub struct IntegrationQuery;

#[Object]
impl IntegrationQuery {
    /// The integrations in order of their keys, perhaps only those that a text occurs in.
    #[graphql(complexity = "page_cost(__ctx, __variables_definition, __field, child_complexity)")]
    async fn integrations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Part of the key, the name or the description, in any case.")] search: Option<
            String,
        >,
        #[graphql(desc = "How many from the front; 20 unless told, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
    ) -> Result<List<Integration>> {
        ctx.actor()?;
        let window = Window::<String>::parse(&page_args(first, after, None, None))?;
        let found = ctx.services().flows.catalog().search(search.as_deref());
        let total = found.len() as u64;
        let page = slice(found, &window, |integration| integration.key.to_owned());
        Ok(list(
            page,
            |integration| integration.key,
            |integration| Integration(integration.clone()),
            move |_| async move { Ok(total) }.boxed(),
        ))
    }

    /// One integration by its key; null when there is none.
    async fn integration(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Such as `http`.")] key: String,
    ) -> Result<Option<Integration>> {
        ctx.actor()?;
        Ok(ctx.services().flows.catalog().integration(&key).cloned().map(Integration))
    }
}
