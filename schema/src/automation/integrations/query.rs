//! Queries of the catalogue.

#![expect(clippy::unused_async, reason = "resolvers are asynchronous, whether they wait for anything or not")]

use std::sync::Arc;

use async_graphql::{Context, Object};
use triptych_services::page::{KeyKind, KeyValue, Window, slice};

use super::object::Integration;
use crate::{
    connection::{Connection, page_args},
    context::ContextExt as _,
    errors::Result,
};

/// Queries of the catalogue.
#[derive(Default)]
pub struct IntegrationQuery;

#[Object]
impl IntegrationQuery {
    /// Lists the integrations in the order of their keys.
    async fn integrations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A part of the key, the name or the description; case-insensitive.")] search: Option<
            String,
        >,
        #[graphql(desc = "The number of items from the start; default 20, maximum 100.")] first: Option<i32>,
        #[graphql(desc = "Returns items after this cursor.")] after: Option<String>,
        #[graphql(desc = "The number of items from the end; maximum 100.")] last: Option<i32>,
        #[graphql(desc = "Returns items before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Integration>> {
        ctx.actor()?;
        let window = Window::parse(&page_args(first, after, last, before), "integrations", &[KeyKind::Text])?;
        let found = ctx.services().flows.catalog().search(search.as_deref());
        let page = slice(found, &window, |integration| KeyValue::Text(integration.key.clone()));
        Ok(Connection::of(page, |integration| Integration(Arc::clone(integration))))
    }

    /// Fetches an integration by its key; null if there is none.
    async fn integration(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Such as `http`.")] key: String,
    ) -> Result<Option<Integration>> {
        ctx.actor()?;
        Ok(ctx.services().flows.catalog().integration(&key).cloned().map(Integration))
    }
}
