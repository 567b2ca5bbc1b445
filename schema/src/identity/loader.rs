//! The data loader of users.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{Context, dataloader::Loader};
use triptych_entities::{ids::UserId, relational::identity::user};
use triptych_services::error::ServiceError;

use super::object::User;
use crate::{
    context::{Batch, ContextExt as _},
    errors::{ApiError, Result},
};

impl Loader<UserId> for Batch {
    type Value = Arc<user::Model>;
    type Error = Arc<ServiceError>;

    async fn load(&self, keys: &[UserId]) -> Result<HashMap<UserId, Self::Value>, Self::Error> {
        let users = self.services.identity.users(&self.actor, keys).await?;
        Ok(users.into_iter().map(|user| (user.id, Arc::new(user))).collect())
    }
}

/// A member of the caller's organization.
pub(crate) async fn load_user(ctx: &Context<'_>, id: UserId) -> Result<User> {
    Ok(ctx.load(id).await?.ok_or_else(|| ApiError::not_found("user"))?.into())
}
