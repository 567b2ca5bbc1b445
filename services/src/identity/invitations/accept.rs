//! Accepts an invitation.

use sea_orm::{ActiveModelTrait as _, ColumnTrait as _, EntityTrait as _, QueryFilter as _, Set, SqlErr};
use secrecy::SecretString;
use serde_json::json;
use triptych_entities::{
    ids::UserId,
    relational::identity::{invitation, membership, role, user},
};
use triptych_stores::{
    access::{Actor, Origin, Scope, Scoped as _},
    error::{Invalid, Result, ServiceError},
    postgres::Transaction,
};

use super::invite::hash_of;
use crate::{
    audit::{AuditAction, Entry, Who, record},
    identity::{
        Identity, IssuedSession, SignUpMode,
        guesses::{SIGN_UPS, counted},
        members::lock_members,
        password,
        sign_in::WRONG_CREDENTIALS,
        sign_up::has_email,
    },
    input::{Name, Problems},
};

/// The input of `accept_invitation`.
#[derive(Debug, Clone)]
pub struct AcceptInvitation {
    pub token: String,
    /// Of the account with the address of the invitation, or of a new one. Not needed by that user with a session.
    pub password: Option<SecretString>,
    /// The name of a new account.
    pub name: Option<String>,
}

/// Who joins.
enum Joiner {
    Known(user::Model),
    New { name: String, password_hash: String },
}

impl Identity {
    /// Joins the organization of an invitation and starts a session in it. Whoever has no account with the address of the
    /// invitation gets one; others prove that it is theirs, by a session or the password.
    ///
    /// Not repeatable: the invitation is used up.
    ///
    /// # Errors
    /// `NotFound` for a token that is unknown, revoked or expired, before a password is hashed; `Invalid`;
    /// `Unauthenticated` for a wrong password, and `RateLimited` after too many; `Forbidden` where no accounts are created.
    #[tracing::instrument(skip_all)]
    pub async fn accept_invitation(
        &self,
        actor: Option<&Actor>,
        input: AcceptInvitation,
        origin: &Origin,
    ) -> Result<IssuedSession> {
        let token = hash_of(&input.token);
        let found = self.find_invitation(&token).await?;
        let joiner = self.joiner(&found, actor, input, origin).await?;
        let tx = self.stores.pg.begin().await?;
        lock_members(&tx, found.organization_id).await?;
        // It may have been revoked or used meanwhile; the lock makes another use wait.
        let of_organization = Scope::whole(found.organization_id);
        let invitation = invitation::Entity::within(of_organization)
            .filter(invitation::Column::TokenHash.eq(token))
            .one(&tx)
            .await?
            .ok_or(ServiceError::NotFound("invitation"))?;
        let user = match joiner {
            Joiner::Known(user) => user,
            Joiner::New { name, password_hash } => self.insert(&tx, &invitation, name, password_hash).await?,
        };
        invitation::Entity::delete_within(of_organization)
            .filter(invitation::Column::Id.eq(invitation.id))
            .exec(&tx)
            .await?;
        self.join(&tx, &invitation, user.id, origin).await?;
        tx.commit().await?;
        self.open_session_of(&user, invitation.organization_id, origin).await
    }

    /// Finds a valid invitation. The token is the permission.
    async fn find_invitation(&self, token: &[u8]) -> Result<invitation::Model> {
        let found = invitation::Entity::across_tenants()
            .filter(invitation::Column::TokenHash.eq(token))
            .filter(invitation::Column::ExpiresAt.gt(self.clock.now()))
            .one(&self.stores.pg)
            .await?;
        found.ok_or(ServiceError::NotFound("invitation"))
    }

    async fn joiner(
        &self,
        invitation: &invitation::Model,
        actor: Option<&Actor>,
        input: AcceptInvitation,
        origin: &Origin,
    ) -> Result<Joiner> {
        let known = user::Entity::find().filter(has_email(&invitation.email)).one(&self.stores.pg).await?;
        let session = actor.filter(|actor| actor.session().is_some());
        if let Some(user) = known {
            if session.is_some_and(|actor| actor.user == user.id) {
                return Ok(Joiner::Known(user));
            }
            let password = input.password.ok_or_else(|| Invalid::one("password", "is required"))?;
            let user = self.with_password(&invitation.email, password, origin).await?;
            return Ok(Joiner::Known(user.ok_or(WRONG_CREDENTIALS)?));
        }
        if self.settings.sign_up == SignUpMode::Closed {
            SignUpMode::Closed.check()?;
        }
        let mut problems = Problems::default();
        let name = problems.parsed("name", Name::parse(input.name.as_deref().unwrap_or_default()));
        let password = input.password.unwrap_or_default();
        problems.parsed("password", password::check(&password));
        let name = problems.finish(name)?.into_string();
        let address = counted(origin);
        self.guesses.count(&SIGN_UPS, &address.to_string()).await?;
        let password_hash = self.hashing.hash(address, password, self.clock.random_bytes()).await?;
        Ok(Joiner::New { name, password_hash })
    }

    async fn insert(
        &self,
        tx: &Transaction,
        invitation: &invitation::Model,
        name: String,
        password_hash: String,
    ) -> Result<user::Model> {
        let now = self.clock.now();
        let inserted = user::ActiveModel {
            id: Set(self.clock.new_id()),
            email: Set(invitation.email.clone()),
            name: Set(name),
            password_hash: Set(Some(password_hash)),
            created_at: Set(now),
            updated_at: Set(now),
            session_epoch: Set(0),
            deleted_at: Set(None),
        }
        .insert(tx)
        .await;
        inserted.map_err(|error| match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => ServiceError::conflict(
                "an account with this e-mail address was created meanwhile; sign in first",
            ),
            _ => error.into(),
        })
    }

    /// Adds the user, unless they are a member already.
    async fn join(
        &self,
        tx: &Transaction,
        invitation: &invitation::Model,
        user: UserId,
        origin: &Origin,
    ) -> Result<()> {
        let organization = invitation.organization_id;
        if membership::Entity::within(Scope::own(organization, user)).one(tx).await?.is_some() {
            return Ok(());
        }
        membership::ActiveModel {
            id: Set(self.clock.new_id()),
            organization_id: Set(organization),
            user_id: Set(user),
            role_id: Set(invitation.role_id),
            created_at: Set(self.clock.now()),
        }
        .insert(tx)
        .await?;
        let roles = role::Entity::within(Scope::whole(organization));
        let role = roles.filter(role::Column::Id.eq(invitation.role_id)).one(tx).await?;
        let entry = Entry::of(AuditAction::JoinOrganization).target(user);
        let entry = entry.after(json!({
            "role": role.map(|role| role.name),
            "invitedBy": invitation.invited_by.to_string(),
        }));
        record(tx, &self.clock, Who::user(organization, user, origin), entry).await?;
        Ok(())
    }
}
