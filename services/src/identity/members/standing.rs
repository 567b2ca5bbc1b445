//! What a caller may grant and take, at the time of a change.

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect as _, sea_query::LockType};
use triptych_entities::{
    ids::{OrganizationId, RoleId},
    relational::identity::{membership, organization, permission, role},
};
use triptych_stores::{
    access::{Action, Actor, Grant, Scope, Scoped as _, Subject, subjects},
    error::{Code, Coded, Denied, Result, ServiceError},
    postgres::Transaction,
};

use crate::identity::roles::BuiltIn;

/// A caller in a transaction that holds the lock of the organization's members, with the permissions that their role has
/// now: those of a connection may be a minute old.
pub(in crate::identity) struct Standing<'a> {
    pub(in crate::identity) actor: Actor,
    pub(in crate::identity) role: role::Model,
    tx: &'a Transaction,
}

/// The role has permissions that the caller does not have.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("you can neither give nor take permissions that you do not have yourself")]
struct Beyond;

impl Coded for Beyond {
    fn code(&self) -> Code {
        Code::Forbidden
    }
}

impl<'a> Standing<'a> {
    /// Locks the members and roles of the organization of the caller, and reads the caller's permissions again.
    ///
    /// # Errors
    /// `Unauthenticated` if the caller is no member any more.
    pub(in crate::identity) async fn of(tx: &'a Transaction, actor: &Actor) -> Result<Self> {
        lock_members(tx, actor.organization).await?;
        let own = Scope::own(actor.organization, actor.user);
        let found = membership::Entity::within(own).find_also_related(role::Entity).one(tx).await?;
        let Some((_, Some(role))) = found else {
            return Err(ServiceError::Unauthenticated("you are no member of the organization any more"));
        };
        let now = grants(tx, &role).await?;
        let mut actor = actor.clone();
        actor.grants.retain(|grant| now.iter().any(|now| now.covers(*grant)));
        Ok(Self { actor, role, tx })
    }

    pub(in crate::identity) fn scope(&self, action: Action, subject: Subject) -> Result<Scope, Denied> {
        self.actor.scope(action, subject)
    }

    /// Checks that the caller has every permission.
    ///
    /// # Errors
    /// `Forbidden` otherwise.
    pub(in crate::identity) fn covers(&self, grants: &[Grant]) -> Result<()> {
        let covered = |wanted: &Grant| self.actor.grants.iter().any(|own| own.covers(*wanted));
        if grants.iter().all(covered) { Ok(()) } else { Err(ServiceError::domain(Beyond)) }
    }

    /// Checks that the caller has every permission of a role.
    ///
    /// # Errors
    /// `Forbidden` otherwise.
    pub(in crate::identity) async fn covers_role(&self, role: &role::Model) -> Result<()> {
        self.covers(&grants(self.tx, role).await?)
    }

    /// Finds a role of the organization.
    ///
    /// # Errors
    /// `NotFound`, also for a role of another organization.
    pub(in crate::identity) async fn find_role(&self, id: RoleId) -> Result<role::Model> {
        // Every member sees all roles.
        let all = role::Entity::within(Scope::whole(self.actor.organization));
        all.filter(role::Column::Id.eq(id)).one(self.tx).await?.ok_or(ServiceError::NotFound("role"))
    }

    /// Finds a built-in role of the organization.
    pub(in crate::identity) async fn built_in(&self, role: BuiltIn) -> Result<role::Model> {
        let all = role::Entity::within(Scope::whole(self.actor.organization));
        let found = all.filter(role::Column::Key.eq(role.key())).one(self.tx).await?;
        found.ok_or_else(|| ServiceError::Internal(format!("an organization has no role `{}`", role.key())))
    }

    /// Checks that the organization keeps an owner when one is taken away.
    ///
    /// # Errors
    /// `Conflict` for the last owner.
    pub(in crate::identity) async fn keeps_an_owner(&self) -> Result<()> {
        let owner = self.built_in(BuiltIn::Owner).await?;
        let all = membership::Entity::within(Scope::whole(self.actor.organization));
        let owners = all.filter(membership::Column::RoleId.eq(owner.id)).limit(2).all(self.tx).await?;
        if owners.len() > 1 {
            return Ok(());
        }
        Err(ServiceError::conflict("an organization needs an owner; transfer the ownership first"))
    }
}

/// Makes changes of the members and roles of an organization wait for each other.
///
/// # Errors
/// `NotFound` for an organization that is deleted.
pub(in crate::identity) async fn lock_members(
    tx: &Transaction,
    organization: OrganizationId,
) -> Result<organization::Model> {
    // Not `FOR UPDATE`, for which every new row of the organization would wait.
    let row = organization::Entity::find_by_id(organization).lock(LockType::NoKeyUpdate).one(tx).await?;
    row.filter(|row| row.deleted_at.is_none()).ok_or(ServiceError::NotFound("organization"))
}

/// The permissions of a role.
pub(in crate::identity) async fn grants(tx: &Transaction, role: &role::Model) -> Result<Vec<Grant>> {
    let built_in = BuiltIn::by_key(&role.key).map(BuiltIn::grants).unwrap_or_default();
    let of_role = permission::Entity::within(Scope::whole(role.organization_id));
    let rows = of_role.filter(permission::Column::RoleId.eq(role.id)).all(tx).await?;
    Ok(built_in.into_iter().chain(rows.iter().filter_map(grant)).collect())
}

/// A permission that this version does not know grants nothing.
pub(in crate::identity) fn grant(row: &permission::Model) -> Option<Grant> {
    let (action, subject) = (Action::by_name(&row.action)?, subjects::by_name(&row.subject)?);
    Some(Grant { action, subject, only_own: row.only_own })
}
