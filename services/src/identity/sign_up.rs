//! Signs users up: creates an organization, its roles and its owner, in one transaction.

use sea_orm::{
    ActiveModelTrait as _, EntityTrait as _, Set, SqlErr,
    sea_query::{Expr, ExprTrait as _, Func, SimpleExpr},
};
use secrecy::SecretString;
use serde_json::json;
use triptych_entities::{
    ids::{OrganizationId, RoleId, UserId},
    relational::identity::{membership, organization, role, user},
};
use triptych_stores::{
    access::Origin,
    error::{Result, ServiceError},
    postgres::Transaction,
};

use super::{
    Identity, IssuedSession,
    guesses::{SIGN_UPS, counted},
    password,
    roles::BuiltIn,
};

use crate::{
    audit::{AuditAction, Entry, Who, record},
    input::{Email, Name, Problems},
};

/// The input of `sign_up`.
#[derive(Debug, Clone)]
pub struct SignUp {
    pub email: String,
    pub password: SecretString,
    pub name: String,
    pub organization_name: String,
}

/// A user to create, with an organization of their own.
#[derive(Debug)]
pub(super) struct NewOwner {
    pub(super) email: String,
    pub(super) name: String,
    pub(super) organization_name: String,
}

impl Identity {
    /// Creates an organization with the caller as its owner, and signs them in.
    ///
    /// # Errors
    /// `Denied` unless everybody may sign up, `Invalid` with each wrong field, `RateLimited` for an address that signs up
    /// too often; `Conflict` for a known e-mail address, also if the call is repeated; `Forbidden` after a mail was sent,
    /// where addresses are confirmed.
    #[tracing::instrument(skip_all)]
    pub async fn sign_up(&self, input: SignUp, origin: &Origin) -> Result<IssuedSession> {
        self.settings.sign_up.check()?;
        let mut problems = Problems::default();
        let email = problems.parsed("email", Email::parse(&input.email));
        let name = problems.parsed("name", Name::parse(&input.name));
        let organization_name = problems.parsed("organizationName", Name::parse(&input.organization_name));
        let password = problems.parsed("password", password::check(&input.password));
        let (Some(email), Some(name), Some(organization_name), Some(())) =
            (email, name, organization_name, password)
        else {
            return Err(problems.invalid());
        };
        let owner = NewOwner {
            email: email.into_string(),
            name: name.into_string(),
            organization_name: organization_name.into_string(),
        };
        if self.settings.confirm_addresses {
            return self.confirm_address(owner, origin).await;
        }
        let address = counted(origin);
        self.guesses.count(&SIGN_UPS, &address.to_string()).await?;
        let password_hash = self.hashing.hash(address, input.password, self.clock.random_bytes()).await?;
        let (user, organization) = self.create_owner(owner, Some(password_hash), origin).await?;
        self.open_session(user, organization, origin).await
    }

    pub(super) async fn create_owner(
        &self,
        owner: NewOwner,
        password_hash: Option<String>,
        origin: &Origin,
    ) -> Result<(UserId, OrganizationId)> {
        let tx = self.stores.pg.begin().await?;
        let created = self.insert_owner(&tx, owner, password_hash, origin).await?;
        tx.commit().await?;
        Ok(created)
    }

    /// Inserts a user and their organization.
    ///
    /// # Errors
    /// `Conflict` for a known e-mail address.
    pub(super) async fn insert_owner(
        &self,
        tx: &Transaction,
        owner: NewOwner,
        password_hash: Option<String>,
        origin: &Origin,
    ) -> Result<(UserId, OrganizationId)> {
        let NewOwner { email, name, organization_name } = owner;
        let now = self.clock.now();
        let organization_id: OrganizationId = self.clock.new_id();
        let user_id: UserId = self.clock.new_id();
        organization::ActiveModel {
            id: Set(organization_id),
            name: Set(organization_name.clone()),
            created_at: Set(now),
            updated_at: Set(now),
            deleted_at: Set(None),
        }
        .insert(tx)
        .await?;
        let inserted = user::ActiveModel {
            id: Set(user_id),
            email: Set(email),
            name: Set(name),
            password_hash: Set(password_hash),
            created_at: Set(now),
            updated_at: Set(now),
            session_epoch: Set(0),
            deleted_at: Set(None),
        }
        .insert(tx)
        .await;
        match inserted {
            Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
                return Err(ServiceError::conflict(
                    "there is an account with this e-mail address already; sign in instead",
                ));
            }
            other => other?,
        };
        let owner_role = self.create_roles(tx, organization_id).await?;
        membership::ActiveModel {
            id: Set(self.clock.new_id()),
            organization_id: Set(organization_id),
            user_id: Set(user_id),
            role_id: Set(owner_role),
            created_at: Set(now),
        }
        .insert(tx)
        .await?;
        let entry = Entry::of(AuditAction::CreateOrganization).target(organization_id);
        let entry = entry.after(json!({ "name": organization_name }));
        record(tx, &self.clock, Who::user(organization_id, user_id, origin), entry).await?;
        Ok((user_id, organization_id))
    }

    /// Writes the rows of the built-in roles, and returns the owner's.
    async fn create_roles(&self, tx: &Transaction, organization_id: OrganizationId) -> Result<RoleId> {
        let owner: RoleId = self.clock.new_id();
        let rows = BuiltIn::ALL.map(|role| role::ActiveModel {
            id: Set(if role == BuiltIn::Owner { owner } else { self.clock.new_id() }),
            organization_id: Set(organization_id),
            key: Set(role.key().to_owned()),
            name: Set(role.name().to_owned()),
            created_at: Set(self.clock.now()),
        });
        role::Entity::insert_many(rows).exec_without_returning(tx).await?;
        Ok(owner)
    }
}

/// Finds the user with this e-mail address, ignoring case.
pub(super) fn has_email(email: &str) -> SimpleExpr {
    Func::lower(Expr::col((user::Entity, user::Column::Email))).eq(email.trim().to_lowercase())
}
