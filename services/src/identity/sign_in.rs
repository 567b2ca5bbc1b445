//! Signing in.

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use secrecy::SecretString;
use triptych_entities::relational::identity::{membership, user};
use triptych_stores::{
    access::{Origin, Scoped as _},
    error::{Result, ServiceError},
};

use super::{
    Identity, IssuedSession,
    guesses::{SIGN_INS, counted},
    password,
    sign_up::has_email,
};

use crate::audit::{AuditAction, Entry, Who, record};

/// Wrong passwords for an account within this time are one row of the audit log.
const REFUSALS_PERIOD_SECONDS: i64 = 600;

/// The error is the same for an unknown address and a wrong password, so that addresses cannot be probed.
pub(super) const WRONG_CREDENTIALS: ServiceError =
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
        self.guesses.count(&SIGN_INS, &user.id.to_string()).await?;
        self.open_session_of(&user, membership.organization_id, origin).await
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
            Ok(None) => {
                self.record_wrong_password(email, origin).await?;
                Ok(None)
            }
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

    /// Records a wrong password for an account that exists, in the organization that the user joined first. Those of ten
    /// minutes are one row, so guessing does not fill the table.
    async fn record_wrong_password(&self, email: &str, origin: &Origin) -> Result<()> {
        let found = user::Entity::find()
            .filter(has_email(email))
            .find_also_related(membership::Entity)
            .order_by_asc(membership::Column::Id)
            .one(&self.stores.pg)
            .await?;
        let Some((user, Some(membership))) = found else { return Ok(()) };
        let period = self.clock.now().timestamp() / REFUSALS_PERIOD_SECONDS;
        let entry = Entry::of(AuditAction::FailSignIn).target(user.id);
        let entry = entry.counted(format!("session.refuse:{}:{period}", user.id));
        let who = Who::nobody(membership.organization_id, origin);
        Ok(record(&self.stores.pg, &self.clock, who, entry).await?)
    }
}
