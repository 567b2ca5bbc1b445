//! Queries of identity.

use async_graphql::{Context, Object};

use super::{Session, object::Viewer};
use crate::{
    connection::{Connection, page_args},
    context::ContextExt as _,
    errors::Result,
};

/// Queries of identity.
#[derive(Default)]
pub struct IdentityQuery;

#[Object]
impl IdentityQuery {
    /// The signed-in user; null without a session.
    async fn viewer(&self, ctx: &Context<'_>) -> Option<Viewer> {
        ctx.actor_opt().map(|actor| Viewer(actor.clone()))
    }

    /// Lists the sessions of the user, newest first. An API token needs the scope `read:session`.
    async fn sessions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The number of items from the start; default 20, maximum 100.")] first: Option<i32>,
        #[graphql(desc = "Returns items after this cursor.")] after: Option<String>,
        #[graphql(desc = "The number of items from the end; maximum 100.")] last: Option<i32>,
        #[graphql(desc = "Returns items before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Session>> {
        let actor = ctx.actor()?;
        let args = page_args(first, after, last, before);
        let page = ctx.services().identity.sessions_page(actor, &args).await?;
        Ok(Connection::of(page, |session| Session::new(session, &actor.proof)))
    }
}
