//! Signing in and out.

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use secrecy::SecretString;
use triptych_entities::relational::identity::{membership, user};
use triptych_stores::{
    access::{Actor, Origin, Proof, Scoped as _},
    error::{Result, ServiceError},
};

use super::{Identity, IssuedSession, guesses::counted, password, sign_up::has_email};

/// The error is the same for an unknown address and a wrong password, so that addresses cannot be probed.
const WRONG_CREDENTIALS: ServiceError =
    ServiceError::Unauthenticated("the e-mail address or the password is wrong");

impl Identity {
    /// Signs a user in to the organization that they joined first.
    ///
    /// # Errors
    /// `Unauthenticated` for an unknown address, for a wrong password, and for a user without a password; `RateLimited`
    /// after too many of these.
    #[tracing::instrument(skip_all)]
    pub async fn sign_in(&self, email: &str, secret: SecretString, origin: &Origin) -> Result<IssuedSession> {
        let user = self.with_password(email, secret, origin).await?.ok_or(WRONG_CREDENTIALS)?;
        let membership = membership::Entity::across_tenants()
            .filter(membership::Column::UserId.eq(user.id))
            .order_by_asc(membership::Column::Id)
            .one(&self.stores.pg)
            .await?
            .ok_or(WRONG_CREDENTIALS)?;
        Ok(self.sessions.issue(user.id, membership.organization_id, origin.user_agent.clone()).await?)
    }

    /// Finds the user with this address and this password. Costs one hash, whether or not there is such a user.
    ///
    /// # Errors
    /// `RateLimited` after too many guesses.
    pub(super) async fn with_password(
        &self,
        email: &str,
        secret: SecretString,
        origin: &Origin,
    ) -> Result<Option<user::Model>> {
        if !password::is_possible(email, &secret) {
            return Ok(None);
        }
        let guess = self.guesses.begin(email, origin).await?;
        match self.verified(email, secret, origin).await {
            Ok(Some(user)) => {
                self.guesses.right(guess).await;
                Ok(Some(user))
            }
            Ok(None) => Ok(None),
            Err(error) => {
                self.guesses.unanswered(guess).await;
                Err(error)
            }
        }
    }

    async fn verified(
        &self,
        email: &str,
        secret: SecretString,
        origin: &Origin,
    ) -> Result<Option<user::Model>> {
        let address = counted(origin);
        let found = user::Entity::find().filter(has_email(email)).one(&self.stores.pg).await?;
        let found = found.and_then(|user| Some((user.password_hash.clone()?, user)));
        let Some((hash, user)) = found else {
            // Costs as much as a check, so that the response time does not reveal whether the address exists.
            self.hashing.hash(address, secret, self.clock.random_bytes()).await?;
            return Ok(None);
        };
        Ok(self.hashing.verify(address, secret, hash).await?.then_some(user))
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
