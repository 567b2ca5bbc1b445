//! Signs users up: creates an organization, its roles and its owner, in one transaction.

use sea_orm::{
    ActiveModelTrait as _, EntityTrait as _, Set, SqlErr, TransactionTrait as _,
    sea_query::{Expr, ExprTrait as _, Func, SimpleExpr},
};
use secrecy::{ExposeSecret as _, SecretString};
use triptych_entities::{
    ids::{OrganizationId, RoleId, UserId},
    relational::identity::{membership, organization, permission, role, user},
};
use triptych_stores::error::{Invalid, Problem, Result, ServiceError};

use super::{Identity, IssuedSession, password, roles};

/// The input of `sign_up`.
#[derive(Debug, Clone)]
pub struct SignUp {
    pub email: String,
    pub password: SecretString,
    pub name: String,
    pub organization_name: String,
}

impl Identity {
    /// Creates an organization with the caller as its owner, and signs them in.
    ///
    /// # Errors
    /// `Invalid` with each wrong field; `EmailTaken`, also if the call is repeated.
    #[tracing::instrument(skip_all)]
    pub async fn sign_up(&self, input: SignUp, user_agent: Option<String>) -> Result<IssuedSession> {
        let email = input.email.trim().to_owned();
        let name = input.name.trim().to_owned();
        let organization_name = input.organization_name.trim().to_owned();
        check(&email, &name, &organization_name, &input.password)?;
        let password_hash = password::hash(input.password, self.mint.bytes()).await?;
        let (user, organization) = self.create_owner(email, name, organization_name, password_hash).await?;
        Ok(self.sessions.issue(user, organization, user_agent).await?)
    }

    async fn create_owner(
        &self,
        email: String,
        name: String,
        organization_name: String,
        password_hash: String,
    ) -> Result<(UserId, OrganizationId)> {
        let now = self.mint.now();
        let organization_id: OrganizationId = self.mint.id();
        let user_id: UserId = self.mint.id();
        let tx = self.stores.pg.begin().await?;
        organization::ActiveModel {
            id: Set(organization_id),
            name: Set(organization_name),
            created_at: Set(now),
            updated_at: Set(now),
        }
        .insert(&tx)
        .await?;
        let inserted = user::ActiveModel {
            id: Set(user_id),
            email: Set(email),
            name: Set(name),
            password_hash: Set(password_hash),
            created_at: Set(now),
            updated_at: Set(now),
        }
        .insert(&tx)
        .await;
        match inserted {
            Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
                return Err(ServiceError::conflict(
                    "there is an account with this e-mail address already; sign in instead",
                ));
            }
            other => other?,
        };
        let owner_role = self.create_roles(&tx, organization_id).await?;
        membership::ActiveModel {
            id: Set(self.mint.id()),
            organization_id: Set(organization_id),
            user_id: Set(user_id),
            role_id: Set(owner_role),
            created_at: Set(now),
        }
        .insert(&tx)
        .await?;
        tx.commit().await?;
        Ok((user_id, organization_id))
    }

    /// Creates the built-in roles and returns the role of the owner.
    async fn create_roles(
        &self,
        tx: &sea_orm::DatabaseTransaction,
        organization_id: OrganizationId,
    ) -> Result<RoleId> {
        let mut role_rows = Vec::new();
        let mut permission_rows = Vec::new();
        let mut owner = None;
        for built_in in roles::built_in() {
            let role_id: RoleId = self.mint.id();
            owner.get_or_insert(role_id);
            role_rows.push(role::ActiveModel {
                id: Set(role_id),
                organization_id: Set(organization_id),
                key: Set(built_in.key.to_owned()),
                name: Set(built_in.name.to_owned()),
                created_at: Set(self.mint.now()),
            });
            permission_rows.extend(built_in.grants.iter().map(|(action, subject, only_own)| {
                permission::ActiveModel {
                    id: Set(self.mint.id()),
                    organization_id: Set(organization_id),
                    role_id: Set(role_id),
                    action: Set(action.name().to_owned()),
                    subject: Set(subject.name().to_owned()),
                    only_own: Set(*only_own),
                }
            }));
        }
        role::Entity::insert_many(role_rows).exec_without_returning(tx).await?;
        permission::Entity::insert_many(permission_rows).exec_without_returning(tx).await?;
        owner.ok_or(ServiceError::NotFound("organization"))
    }
}

/// Finds the user with this e-mail address, ignoring case.
pub(super) fn has_email(email: &str) -> SimpleExpr {
    Func::lower(Expr::col((user::Entity, user::Column::Email))).eq(email.trim().to_lowercase())
}

fn check(email: &str, name: &str, organization_name: &str, password: &SecretString) -> Result<(), Invalid> {
    let mut problems = Vec::new();
    let well_formed = email.len() <= 254
        && email.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty()
                && !domain.starts_with('.')
                && domain.contains('.')
                && !domain.ends_with('.')
                && !email.chars().any(char::is_whitespace)
                && !domain.contains('@')
        });
    if !well_formed {
        problems.push(Problem::new("email", "must be an e-mail address, such as ada@example.com"));
    }
    for (path, value) in [("name", name), ("organizationName", organization_name)] {
        if !(1..=120).contains(&value.chars().count()) {
            problems.push(Problem::new(path, "must have 1 to 120 characters"));
        }
    }
    let length = password.expose_secret().chars().count();
    if !(password::MIN_LENGTH..=password::MAX_LENGTH).contains(&length) {
        let (min, max) = (password::MIN_LENGTH, password::MAX_LENGTH);
        problems.push(Problem::new("password", format!("must have {min} to {max} characters")));
    }
    Invalid::check(problems)
}
