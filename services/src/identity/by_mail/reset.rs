//! Sets another password for whoever has lost theirs and receives mail at the address of the account.

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, sea_query::Expr};
use secrecy::SecretString;
use triptych_entities::relational::identity::{membership, user};
use triptych_stores::{
    access::Origin,
    error::{Code, Coded, Result, ServiceError},
};

use super::{
    LIFE,
    token::{Issued, Purpose},
};
use crate::{
    audit::{AuditAction, Entry, Who, record},
    identity::{
        Identity, IssuedSession,
        guesses::{MAILS, RESETS, counted},
        password,
        sign_up::has_email,
    },
    input::{Email, Problems},
    mail::Letter,
};

/// No mail can be sent.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("this server sends no mail; ask its operator")]
struct NoMail;

impl Coded for NoMail {
    fn code(&self) -> Code {
        Code::Forbidden
    }
}

impl Identity {
    /// Sends a link that sets another password, if there is an account with the address. Repeating it sends another link,
    /// which replaces the first.
    ///
    /// # Errors
    /// `Forbidden` where no mail is sent; `Invalid`; `RateLimited` for an address of a mail or of a client.
    #[tracing::instrument(skip_all)]
    pub async fn request_password_reset(&self, email: &str, origin: &Origin) -> Result<()> {
        if !self.mails.enabled() {
            return Err(ServiceError::domain(NoMail));
        }
        let mut problems = Problems::default();
        let email = problems.parsed("email", Email::parse(email));
        let email = problems.finish(email)?.into_string();
        self.guesses.count(&RESETS, &counted(origin).to_string()).await?;
        self.guesses.count(&MAILS, &email.to_lowercase()).await?;
        let found = user::Entity::find().filter(has_email(&email)).one(&self.stores.pg).await?;
        let tx = self.stores.pg.begin().await?;
        // The same statements without an account, so that the time of the answer tells nothing: the mail is withdrawn, and
        // nobody learns the token.
        let recipient = found.as_ref().map_or_else(|| email.clone(), |user| user.email.clone());
        let issued = Issued { email, name: None, organization_name: None };
        let token = self.issue(&tx, Purpose::Reset, issued).await?;
        let letter = Letter::Reset { token, expires_at: self.clock.now() + LIFE };
        let mail = self.mails.queue(&tx, None, &recipient, &letter, LIFE).await?;
        let withdrawn = if found.is_some() { self.clock.new_uuid() } else { mail };
        self.mails.withdraw(&tx, withdrawn).await?;
        tx.commit().await?;
        self.mails.wake();
        Ok(())
    }

    /// Sets the password of the account of a token, ends all its sessions, and starts one in the organization that the user
    /// joined first. API tokens stay valid.
    ///
    /// # Errors
    /// `NotFound` for a token that is unknown, used or expired, also if the call is repeated; `Invalid` for the password.
    #[tracing::instrument(skip_all)]
    pub async fn reset_password(
        &self,
        token: &str,
        secret: SecretString,
        origin: &Origin,
    ) -> Result<IssuedSession> {
        self.issued(Purpose::Reset, token).await?;
        let mut problems = Problems::default();
        problems.parsed("password", password::check(&secret));
        problems.check()?;
        let hash = self.hashing.hash(counted(origin), secret, self.clock.random_bytes()).await?;
        let tx = self.stores.pg.begin().await?;
        let issued = self.redeem(&tx, Purpose::Reset, token).await?;
        let found = user::Entity::find()
            .filter(has_email(&issued.email))
            .find_also_related(membership::Entity)
            .order_by_asc(membership::Column::Id)
            .one(&tx)
            .await?;
        let Some((user, Some(membership))) = found else {
            return Err(ServiceError::NotFound("token; it is unknown, used or expired"));
        };
        user::Entity::update_many()
            .col_expr(user::Column::PasswordHash, Expr::value(hash))
            .col_expr(user::Column::UpdatedAt, Expr::value(self.clock.now()))
            .filter(user::Column::Id.eq(user.id))
            .exec(&tx)
            .await?;
        self.begin_epoch(&tx, user.id).await?;
        let who = Who::user(membership.organization_id, user.id, origin);
        record(&tx, &self.clock, who, Entry::of(AuditAction::ResetPassword).target(user.id)).await?;
        tx.commit().await?;
        self.forget_sessions(user.id).await;
        self.open_session(user.id, membership.organization_id, origin).await
    }
}
