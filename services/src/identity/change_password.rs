//! Changes of passwords.

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, sea_query::Expr};
use secrecy::SecretString;
use triptych_entities::relational::identity::user;
use triptych_stores::{
    access::{Action, Actor, Subject},
    error::{Denied, Invalid, Result, ServiceError},
};

use super::{Identity, IssuedSession, guesses::counted, password};
use crate::{
    audit::{AuditAction, Entry, record},
    input::Problems,
};

impl Identity {
    /// Changes the password of the caller, ends all their sessions, and starts a new one. API tokens stay valid.
    ///
    /// # Errors
    /// `Invalid` for a wrong current password, which counts as a guess, and for a new one of a wrong length;
    /// `RateLimited` after too many guesses; `Denied` for an API token.
    #[tracing::instrument(skip_all)]
    pub async fn change_password(
        &self,
        actor: &Actor,
        current: SecretString,
        new: SecretString,
    ) -> Result<IssuedSession> {
        if actor.session().is_none() {
            return Err(Denied { action: Action::Update, subject: Subject::Session }.into());
        }
        let mut problems = Problems::default();
        problems.parsed("newPassword", password::check(&new));
        problems.check()?;
        let user = self.confirm(actor, "currentPassword", Some(current)).await?;
        if user.password_hash.is_none() {
            return Err(Invalid::one("currentPassword", "is wrong").into());
        }
        let hash = self.hashing.hash(counted(&actor.origin), new, self.clock.random_bytes()).await?;
        let tx = self.stores.pg.begin().await?;
        let changed = user::Entity::update_many()
            .col_expr(user::Column::PasswordHash, Expr::value(hash))
            .col_expr(user::Column::UpdatedAt, Expr::value(self.clock.now()))
            .filter(user::Column::Id.eq(user.id))
            .filter(user::Column::PasswordHash.eq(user.password_hash.as_deref()))
            .exec(&tx)
            .await?;
        if changed.rows_affected == 0 {
            return Err(ServiceError::conflict("the password was changed at the same time"));
        }
        self.begin_epoch(&tx, user.id).await?;
        record(&tx, &self.clock, actor, Entry::of(AuditAction::ChangePassword).target(user.id)).await?;
        tx.commit().await?;
        self.forget_sessions(user.id).await;
        self.open_session(user.id, actor.organization, &actor.origin).await
    }
}
