//! Queries of identity.

use async_graphql::{Context, Object};

use super::object::Viewer;
use crate::context::ContextExt as _;

/// Queries of identity.
#[derive(Default)]
pub struct IdentityQuery;

#[Object]
impl IdentityQuery {
    /// The signed-in user; null without a session.
    async fn viewer(&self, ctx: &Context<'_>) -> Option<Viewer> {
        ctx.actor_opt().map(|actor| Viewer(actor.clone()))
    }
}
