//! Queries of credentials.

use async_graphql::{Context, Object};

use super::object::Credential;
use crate::{
    connection::{Connection, page_args},
    context::ContextExt as _,
    errors::Result,
};

/// Queries of credentials.
#[derive(Default)]
pub struct CredentialQuery;

#[Object]
impl CredentialQuery {
    /// Lists the credentials of the organization, newest first.
    async fn credentials(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The key of an integration.")] integration: Option<String>,
        #[graphql(desc = "The number of items from the start; default 20, maximum 100.")] first: Option<i32>,
        #[graphql(desc = "Returns items after this cursor.")] after: Option<String>,
        #[graphql(desc = "The number of items from the end; maximum 100.")] last: Option<i32>,
        #[graphql(desc = "Returns items before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Credential>> {
        let args = page_args(first, after, last, before);
        let credentials = &ctx.services().credentials;
        let page = credentials.list(ctx.actor()?, integration.as_deref(), &args).await?;
        Ok(Connection::of(page, Credential::from))
    }
}
