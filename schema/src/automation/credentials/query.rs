//! Lists of credentials.

use async_graphql::{Context, Object, Result};
use futures::FutureExt as _;
use triptych_entities::ids::Id as _;
use triptych_services::page::Window;

use super::object::Credential;
use crate::{
    connection::{List, list, page_args, page_cost},
    context::ContextExt as _,
};

/// Queries of credentials.
#[derive(Default)]
pub struct CredentialQuery;

#[Object]
impl CredentialQuery {
    /// The organization's credentials, newest first.
    #[graphql(complexity = "page_cost(__ctx, __variables_definition, __field, child_complexity)")]
    async fn credentials(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those for this integration.")] integration: Option<String>,
        #[graphql(desc = "How many from the front; 20 unless told, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the back.")] last: Option<i32>,
        #[graphql(desc = "Go back before this cursor.")] before: Option<String>,
    ) -> Result<List<Credential>> {
        let window = Window::parse(&page_args(first, after, last, before))?;
        let credentials = &ctx.services().credentials;
        let page = credentials.list(ctx.actor()?, integration.as_deref(), &window).await?;
        Ok(list(
            page,
            |row| row.id.uuid(),
            Credential::from,
            move |ctx| {
                let integration = integration.clone();
                async move { Ok(ctx.services().credentials.count(ctx.actor()?, integration.as_deref()).await?) }.boxed()
            },
        ))
    }
}
