//! Signs up where addresses are confirmed.

use sea_orm::EntityTrait as _;
use sea_orm::QueryFilter as _;
use secrecy::SecretString;
use serde_json::{Value, json};
use triptych_entities::relational::identity::user;
use triptych_stores::{
    access::Origin,
    error::{Code, Coded, Result, ServiceError},
};

use super::{
    LIFE,
    token::{Issued, Purpose},
};
use crate::{
    identity::{
        Identity, IssuedSession,
        guesses::{MAILS, SIGN_UPS, counted},
        password,
        sign_up::{NewOwner, has_email},
    },
    input::Problems,
    mail::Letter,
};

/// The answer to a sign-up whose address must be confirmed, whether or not there is an account with it.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("a mail with a link was sent to this address; the link creates the account")]
struct ConfirmationSent;

impl Coded for ConfirmationSent {
    fn code(&self) -> Code {
        Code::Forbidden
    }

    fn extensions(&self) -> Vec<(&'static str, Value)> {
        vec![("reason", json!("CONFIRMATION_SENT"))]
    }
}

impl Identity {
    /// Sends the link that creates an account, or, to an address with an account, a note. Always fails, with the same error.
    /// The password is chosen with the link: the one that was given may be of somebody who does not own the address.
    pub(in crate::identity) async fn confirm_address(
        &self,
        owner: NewOwner,
        origin: &Origin,
    ) -> Result<IssuedSession> {
        self.guesses.count(&SIGN_UPS, &counted(origin).to_string()).await?;
        self.guesses.count(&MAILS, &owner.email.to_lowercase()).await?;
        let known = user::Entity::find().filter(has_email(&owner.email)).one(&self.stores.pg).await?;
        let tx = self.stores.pg.begin().await?;
        let issued = Issued {
            email: owner.email.clone(),
            name: Some(owner.name),
            organization_name: Some(owner.organization_name),
        };
        // Also for a known address, where nobody learns the token, so that both take the same time.
        let token = self.issue(&tx, Purpose::SignUp, issued).await?;
        let letter = match known {
            Some(_) => Letter::KnownAddress,
            None => Letter::SignUp { token, expires_at: self.clock.now() + LIFE },
        };
        self.mails.queue(&tx, None, &owner.email, &letter, LIFE).await?;
        tx.commit().await?;
        self.mails.wake();
        Err(ServiceError::domain(ConfirmationSent))
    }

    /// Creates the account of the token of a mail, with an organization, and signs in.
    ///
    /// # Errors
    /// `NotFound` for a token that is unknown, used or expired, also if the call is repeated; `Invalid` for the password;
    /// `Conflict` if an account with the address was created meanwhile; `Denied` unless everybody may sign up.
    #[tracing::instrument(skip_all)]
    pub async fn verify_email(
        &self,
        token: &str,
        secret: SecretString,
        origin: &Origin,
    ) -> Result<IssuedSession> {
        self.settings.sign_up.check()?;
        self.issued(Purpose::SignUp, token).await?;
        let mut problems = Problems::default();
        problems.parsed("password", password::check(&secret));
        problems.check()?;
        let hash = self.hashing.hash(counted(origin), secret, self.clock.random_bytes()).await?;
        let tx = self.stores.pg.begin().await?;
        let Issued { email, name, organization_name } = self.redeem(&tx, Purpose::SignUp, token).await?;
        let owner = NewOwner {
            email,
            name: name.unwrap_or_default(),
            organization_name: organization_name.unwrap_or_default(),
        };
        let (user, organization) = self.insert_owner(&tx, owner, Some(hash), origin).await?;
        tx.commit().await?;
        self.open_session(user, organization, origin).await
    }
}
