//! Confirms with the password what a session alone must not do.

use sea_orm::EntityTrait as _;
use secrecy::SecretString;
use triptych_entities::relational::identity::user;
use triptych_stores::{
    access::Actor,
    error::{Invalid, Result, ServiceError},
};

use super::Identity;

impl Identity {
    /// Checks the password of the caller. A user without one confirms with the session.
    ///
    /// # Errors
    /// `Invalid` at the path for a wrong or missing password, which counts as a guess; `RateLimited` after too many.
    pub(super) async fn confirm(
        &self,
        actor: &Actor,
        path: &str,
        password: Option<SecretString>,
    ) -> Result<user::Model> {
        let found = user::Entity::find_by_id(actor.user).one(&self.stores.pg).await?;
        let found = found.ok_or(ServiceError::NotFound("user"))?;
        if found.password_hash.is_none() {
            return Ok(found);
        }
        let password = password.ok_or_else(|| Invalid::one(path, "is required"))?;
        let confirmed = self.with_password(&found.email, password, &actor.origin).await?;
        Ok(confirmed.ok_or_else(|| Invalid::one(path, "is wrong"))?)
    }
}
