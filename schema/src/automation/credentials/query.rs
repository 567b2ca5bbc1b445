//! Lists of credentials.

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
    /// The organization's credentials, newest first.
    async fn credentials(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those for this integration.")] integration: Option<String>,
        #[graphql(desc = "How many from the front; 20 unless told, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the back.")] last: Option<i32>,
        #[graphql(desc = "Go back before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Credential>> {
        let args = page_args(first, after, last, before);
        let credentials = &ctx.services().credentials;
        let page = credentials.list(ctx.actor()?, integration.as_deref(), &args).await?;
        Ok(Connection::of(page, Credential::from))
    }
}
