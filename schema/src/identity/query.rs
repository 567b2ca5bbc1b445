//! Who is asking.

use async_graphql::{Context, Object};

use super::object::Viewer;
use crate::context::ContextExt as _;

/// Queries of identity.
#[derive(Default)]
pub struct IdentityQuery;

#[Object]
impl IdentityQuery {
    /// The caller; null when signed out.
    async fn viewer(&self, ctx: &Context<'_>) -> Option<Viewer> {
        ctx.actor_opt().map(|actor| Viewer(actor.clone()))
    }
}
