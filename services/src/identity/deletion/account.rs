//! Deletes accounts.

use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, DbBackend, EntityTrait as _, FromQueryResult, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, Set, Statement, sea_query::LockType,
};
use secrecy::SecretString;
use triptych_entities::{
    ids::{OrganizationId, UserId},
    relational::{
        deletion,
        identity::{api_token, invitation, membership, user},
    },
};
use triptych_stores::{
    access::{Action, Actor, Scope, Scoped as _, Subject},
    error::{Denied, Result, ServiceError},
    postgres::Transaction,
};

use super::{AcceptedDeletion, hand_over};
use crate::{
    audit::{AuditAction, Entry, record},
    deletions::Request,
    identity::{Identity, members::lock_members},
};

/// What the organization of a user is without them.
#[derive(FromQueryResult)]
struct Without {
    name: String,
    members: i64,
    owners: i64,
}

impl Identity {
    /// Deletes the account of the caller. They are signed out everywhere at once, and their address is free. Organizations
    /// without another member are deleted with it; in the others, an owner takes over flows and credentials, and threads
    /// and other private documents are removed in the background.
    ///
    /// # Errors
    /// `Denied` for an API token; `Invalid` for a wrong password; `RateLimited` after too many; `Conflict` for the only
    /// owner of an organization with other members, and if the caller joins or leaves one meanwhile. When it is repeated,
    /// nobody is signed in.
    #[tracing::instrument(skip_all, fields(user.id = %actor.user))]
    pub async fn delete_account(
        &self,
        actor: &Actor,
        password: Option<SecretString>,
    ) -> Result<AcceptedDeletion> {
        if actor.session().is_none() {
            return Err(Denied { action: Action::Delete, subject: Subject::Session }.into());
        }
        self.confirm(actor, "password", password).await?;
        let tx = self.stores.pg.begin().await?;
        let joined = joined(&tx, actor.user).await?;
        let mut organizations = Vec::new();
        for id in &joined {
            organizations.push(lock_members(&tx, *id).await?);
        }
        // Against joining another organization. The order of the locks is the same everywhere.
        user::Entity::find_by_id(actor.user).lock(LockType::Update).one(&tx).await?;
        if self::joined(&tx, actor.user).await? != joined {
            return Err(ServiceError::conflict(
                "you have joined or left an organization meanwhile; try again",
            ));
        }
        for organization in organizations {
            let without = without(&tx, organization.id, actor.user).await?;
            if without.members == 0 {
                self.close_organization(&tx, organization, actor.user, None).await?;
            } else if without.owners > 0 {
                self.leave(&tx, actor, organization.id).await?;
            } else {
                return Err(ServiceError::conflict(format!(
                    "you are the only owner of “{}”; transfer the ownership, or delete the organization first",
                    without.name
                )));
            }
        }
        let receipt = self.clock.new_secret();
        let deletion = self.close_account(&tx, actor.organization, actor.user, Some(&receipt)).await?;
        tx.commit().await?;
        self.deletions.wake();
        self.forget_sessions(actor.user).await;
        Ok(AcceptedDeletion { deletion, receipt })
    }

    /// Leaves an organization, which keeps the flows and credentials of the user.
    async fn leave(&self, tx: &Transaction, actor: &Actor, organization: OrganizationId) -> Result<()> {
        let own = Scope::own(organization, actor.user);
        hand_over(tx, organization, actor.user).await?;
        api_token::Entity::delete_within(own).exec(tx).await?;
        invitation::Entity::delete_within(own).exec(tx).await?;
        membership::Entity::delete_within(own).exec(tx).await?;
        let who = Actor { organization, ..actor.clone() };
        let entry = Entry::of(AuditAction::DeleteAccount).target(actor.user);
        Ok(record(tx, &self.clock, &who, entry).await?)
    }

    /// Erases the address, the name and the password of a user without an organization, ends their sessions, and requests
    /// the removal of what is left.
    pub(super) async fn close_account(
        &self,
        tx: &Transaction,
        organization: OrganizationId,
        user: UserId,
        receipt: Option<&str>,
    ) -> Result<deletion::Model> {
        let now = self.clock.now();
        let row = user::ActiveModel {
            id: Set(user),
            email: Set(format!("{user}@deleted.invalid")),
            name: Set("Deleted user".to_owned()),
            password_hash: Set(None),
            updated_at: Set(now),
            deleted_at: Set(Some(now)),
            ..Default::default()
        };
        row.update(tx).await?;
        self.begin_epoch(tx, user).await?;
        let subject = deletion::Subject::Account;
        let request = Request { organization, requested_by: Some(user), subject, id: user.0, receipt };
        Ok(self.deletions.request(tx, request).await?)
    }
}

/// The organizations of a user, in the order of their ids.
async fn joined(tx: &Transaction, user: UserId) -> Result<Vec<OrganizationId>> {
    let memberships = membership::Entity::across_tenants()
        .filter(membership::Column::UserId.eq(user))
        .order_by_asc(membership::Column::OrganizationId)
        .select_only()
        .column(membership::Column::OrganizationId);
    Ok(memberships.into_tuple().all(tx).await?)
}

async fn without(tx: &Transaction, organization: OrganizationId, user: UserId) -> Result<Without> {
    let sql = "SELECT o.name, count(m.id) AS members, count(m.id) FILTER (WHERE r.key = 'owner') AS owners
               FROM organizations o LEFT JOIN memberships m ON m.organization_id = o.id AND m.user_id <> $2
               LEFT JOIN roles r ON r.id = m.role_id WHERE o.id = $1 GROUP BY o.id";
    let statement =
        Statement::from_sql_and_values(DbBackend::Postgres, sql, [organization.into(), user.into()]);
    let found = Without::find_by_statement(statement).one(tx).await?;
    found.ok_or(ServiceError::NotFound("organization"))
}
