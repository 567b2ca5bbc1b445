//! Deletes organizations.

use sea_orm::{
    ActiveModelTrait as _, ConnectionTrait as _, DbBackend, IntoActiveModel as _, Set, Statement,
    sea_query::Expr,
};
use secrecy::SecretString;
use triptych_entities::{
    ids::{OrganizationId, UserId},
    relational::{
        automation::{credential, flow, schedule, webhook},
        deletion,
        identity::{api_token, invitation, membership, organization},
    },
};
use triptych_stores::{
    access::{Action, Actor, Scope, Scoped as _, Subject},
    error::{Denied, Invalid, Result},
    postgres::Transaction,
};

use super::AcceptedDeletion;
use crate::{
    deletions::Request,
    identity::{Identity, members::Standing, roles::BuiltIn},
};

/// The input of `delete_organization`.
#[derive(Debug)]
pub struct DeleteOrganization {
    /// Repeats the name, so that nobody deletes the wrong organization.
    pub name: String,
    /// Of the caller, if they have one.
    pub password: Option<SecretString>,
}

/// An organization without access.
pub(super) struct Closed {
    deletion: deletion::Model,
    /// The users who were members.
    members: Vec<UserId>,
    /// Those of them who have no other organization.
    stranded: Vec<UserId>,
}

impl Identity {
    /// Deletes the organization of the caller, who is an owner. All access ends at once: sessions, API tokens, webhooks and
    /// schedules. Accounts of members without another organization are deleted with it. What belonged to it is removed in
    /// the background.
    ///
    /// # Errors
    /// `Denied` if the caller is no owner, and for an API token; `Invalid` for another name and a wrong password;
    /// `RateLimited` after too many wrong passwords. When it is repeated, nobody is signed in.
    #[tracing::instrument(skip_all, fields(organization.id = %actor.organization))]
    pub async fn delete_organization(
        &self,
        actor: &Actor,
        input: DeleteOrganization,
    ) -> Result<AcceptedDeletion> {
        let denied = Denied { action: Action::Delete, subject: Subject::Organization };
        if actor.session().is_none() {
            return Err(denied.into());
        }
        let owned = self.organization(actor).await?;
        if owned.name != input.name.trim() {
            return Err(Invalid::one("name", "is not the name of the organization").into());
        }
        self.confirm(actor, "password", input.password).await?;
        let tx = self.stores.pg.begin().await?;
        let standing = Standing::of(&tx, actor).await?;
        if standing.role.key != BuiltIn::Owner.key() {
            return Err(denied.into());
        }
        let receipt = self.clock.new_secret();
        let closed = self.close_organization(&tx, owned, actor.user, Some(&receipt)).await?;
        for user in closed.stranded {
            self.close_account(&tx, actor.organization, user, None).await?;
        }
        tx.commit().await?;
        self.deletions.wake();
        for member in closed.members {
            self.forget_sessions_in(member, actor.organization).await;
        }
        Ok(AcceptedDeletion { deletion: closed.deletion, receipt })
    }

    /// Ends all access to an organization whose members are locked, and requests its removal.
    pub(super) async fn close_organization(
        &self,
        tx: &Transaction,
        organization: organization::Model,
        by: UserId,
        receipt: Option<&str>,
    ) -> Result<Closed> {
        let id = organization.id;
        let whole = Scope::whole(id);
        let now = self.clock.now();
        webhook::Entity::delete_within(whole).exec(tx).await?;
        schedule::Entity::delete_within(whole).exec(tx).await?;
        credential::Entity::delete_within(whole).exec(tx).await?;
        api_token::Entity::delete_within(whole).exec(tx).await?;
        invitation::Entity::delete_within(whole).exec(tx).await?;
        flow::Entity::update_within(whole)
            .col_expr(flow::Column::DeletedAt, Expr::value(now))
            .exec(tx)
            .await?;
        let members = lock_users(tx, id).await?;
        let stranded = without_another(tx, id).await?;
        membership::Entity::delete_within(whole).exec(tx).await?;
        let mut row = organization.into_active_model();
        row.deleted_at = Set(Some(now));
        row.update(tx).await?;
        let request = Request {
            organization: id,
            requested_by: Some(by),
            subject: deletion::Subject::Organization,
            id: id.0,
            receipt,
        };
        Ok(Closed { deletion: self.deletions.request(tx, request).await?, members, stranded })
    }
}

/// Locks the members of an organization against joining another one, in the order of their ids.
async fn lock_users(tx: &Transaction, organization: OrganizationId) -> Result<Vec<UserId>> {
    let sql = "SELECT id FROM users WHERE id IN (SELECT user_id FROM memberships WHERE organization_id = $1)
               ORDER BY id FOR UPDATE";
    users(tx, sql, organization).await
}

/// The members who have no other organization.
async fn without_another(tx: &Transaction, organization: OrganizationId) -> Result<Vec<UserId>> {
    let sql = "SELECT user_id FROM memberships m WHERE organization_id = $1 AND NOT EXISTS
                   (SELECT FROM memberships o WHERE o.user_id = m.user_id AND o.organization_id <> $1)";
    users(tx, sql, organization).await
}

async fn users(tx: &Transaction, sql: &str, organization: OrganizationId) -> Result<Vec<UserId>> {
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [organization.into()]);
    let rows = tx.query_all_raw(statement).await?;
    Ok(rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
}
