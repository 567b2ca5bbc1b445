//! Signing in and out.

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use secrecy::SecretString;
use triptych_entities::relational::identity::{membership, user};
use triptych_stores::{
    access::{Actor, Proof, Scoped as _},
    error::{Result, ServiceError},
};

use super::{Identity, IssuedSession, password, sign_up::has_email};

/// The error is the same for an unknown address and a wrong password, so that addresses cannot be probed.
const WRONG_CREDENTIALS: ServiceError =
    ServiceError::Unauthenticated("the e-mail address or the password is wrong");

impl Identity {
    /// Signs a user in to the organization that they joined first.
    ///
    /// # Errors
    /// `WrongCredentials` for an unknown address, for a wrong password, and for a user without a password.
    #[tracing::instrument(skip_all)]
    pub async fn sign_in(
        &self,
        email: &str,
        secret: SecretString,
        user_agent: Option<String>,
    ) -> Result<IssuedSession> {
        let found = user::Entity::find().filter(has_email(email)).one(&self.stores.pg).await?;
        let found = found.and_then(|user| Some((user.password_hash.clone()?, user)));
        let Some((hash, user)) = found else {
            // Takes as long as a check, so that the response time does not reveal whether the address exists.
            password::hash(secret, self.clock.random_bytes()).await?;
            return Err(WRONG_CREDENTIALS);
        };
        if !password::verify(secret, hash).await? {
            return Err(WRONG_CREDENTIALS);
        }
        let membership = membership::Entity::across_tenants()
            .filter(membership::Column::UserId.eq(user.id))
            .order_by_asc(membership::Column::Id)
            .one(&self.stores.pg)
            .await?
            .ok_or(WRONG_CREDENTIALS)?;
        Ok(self.sessions.issue(user.id, membership.organization_id, user_agent).await?)
    }

    /// Ends the session of the caller. Has no effect for a caller with an API token.
    ///
    /// # Errors
    /// If Redis does not answer.
    #[tracing::instrument(skip_all)]
    pub async fn sign_out(&self, actor: &Actor) -> Result<()> {
        if let Proof::Session(id) = actor.proof {
            self.sessions.end(actor.user, id).await?;
        }
        Ok(())
    }
}
