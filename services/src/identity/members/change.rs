//! Changes roles of members, removes members, and transfers the ownership.

use sea_orm::{ActiveModelTrait as _, ColumnTrait as _, IntoActiveModel as _, QueryFilter as _, Set};
use serde_json::json;
use triptych_entities::{
    ids::{MembershipId, OrganizationId, RoleId, UserId},
    relational::identity::{api_token, invitation, membership, role},
};
use triptych_stores::{
    access::{Action, Actor, Scope, Scoped as _, Subject},
    error::{Denied, Result, ServiceError},
    postgres::Transaction,
};

use super::Standing;
use crate::{
    audit::{AuditAction, Entry, record},
    identity::{Identity, roles::BuiltIn},
};

impl Identity {
    /// Gives a member another role. Repeating it has no effect.
    ///
    /// # Errors
    /// `NotFound` for a user who is no member; `Forbidden` if the caller does not have all permissions of both roles;
    /// `Conflict` for the last owner.
    #[tracing::instrument(skip_all, fields(user.id = %user))]
    pub async fn update_member(
        &self,
        actor: &Actor,
        user: UserId,
        role: RoleId,
    ) -> Result<membership::Model> {
        let tx = self.stores.pg.begin().await?;
        let standing = Standing::of(&tx, actor).await?;
        let scope = standing.scope(Action::Update, Subject::Member)?;
        let (member, before) = find(&tx, scope, user).await?;
        let after = standing.find_role(role).await?;
        if before.id == after.id {
            return Ok(member);
        }
        standing.covers_role(&before).await?;
        standing.covers_role(&after).await?;
        if before.key == BuiltIn::Owner.key() {
            standing.keeps_an_owner().await?;
        }
        let entry = Entry::of(AuditAction::ChangeMember).target(user);
        let entry = entry.before(json!({ "role": before.name })).after(json!({ "role": after.name }));
        record(&tx, &self.clock, actor, entry).await?;
        let member = assign(&tx, member, after.id).await?;
        tx.commit().await?;
        Ok(member)
    }

    /// Removes a member, whose sessions and API tokens in the organization end, and whose invitations are revoked. Members
    /// can remove themselves.
    ///
    /// # Errors
    /// `NotFound` for a user who is no member, and if the call is repeated; `Forbidden` for a member with permissions that
    /// the caller does not have; `Conflict` for the last owner.
    #[tracing::instrument(skip_all, fields(user.id = %user))]
    pub async fn remove_member(&self, actor: &Actor, user: UserId) -> Result<MembershipId> {
        let tx = self.stores.pg.begin().await?;
        let standing = Standing::of(&tx, actor).await?;
        let own = Scope::own(actor.organization, user);
        let leaves = user == actor.user && actor.session().is_some();
        let scope = if leaves { own } else { standing.scope(Action::Delete, Subject::Member)? };
        let (member, role) = find(&tx, scope, user).await?;
        if !leaves {
            standing.covers_role(&role).await?;
        }
        if role.key == BuiltIn::Owner.key() {
            standing.keeps_an_owner().await?;
        }
        api_token::Entity::delete_within(own).exec(&tx).await?;
        invitation::Entity::delete_within(own).exec(&tx).await?;
        membership::Entity::delete_within(own).exec(&tx).await?;
        let entry = Entry::of(AuditAction::RemoveMember).target(user).before(json!({ "role": role.name }));
        record(&tx, &self.clock, actor, entry).await?;
        tx.commit().await?;
        self.forget_sessions_in(user, actor.organization).await;
        Ok(member.id)
    }

    /// Makes another member an owner, and the caller, who is one, a member.
    ///
    /// # Errors
    /// `Denied` if the caller is no owner, also if the call is repeated, and for an API token; `NotFound` for a user who is
    /// no member; `Conflict` for the caller.
    #[tracing::instrument(skip_all, fields(user.id = %to))]
    pub async fn transfer_ownership(&self, actor: &Actor, to: UserId) -> Result<membership::Model> {
        let denied = Denied { action: Action::Manage, subject: Subject::Organization };
        if actor.session().is_none() {
            return Err(denied.into());
        }
        let tx = self.stores.pg.begin().await?;
        let standing = Standing::of(&tx, actor).await?;
        if standing.role.key != BuiltIn::Owner.key() {
            return Err(denied.into());
        }
        let scope = standing.scope(Action::Update, Subject::Member)?;
        let (member, before) = find(&tx, scope, to).await?;
        if to == actor.user {
            return Err(ServiceError::conflict("you are an owner already"));
        }
        let (own, _) = find(&tx, Scope::own(actor.organization, actor.user), actor.user).await?;
        let heir = assign(&tx, member, standing.role.id).await?;
        assign(&tx, own, standing.built_in(BuiltIn::Member).await?.id).await?;
        let entry = Entry::of(AuditAction::TransferOwnership).target(to);
        let entry = entry.before(json!({ "role": before.name })).after(json!({ "role": standing.role.name }));
        record(&tx, &self.clock, actor, entry).await?;
        tx.commit().await?;
        Ok(heir)
    }

    /// Removes sessions that are invalid already, so that open connections end within seconds.
    pub(in crate::identity) async fn forget_sessions_in(&self, user: UserId, organization: OrganizationId) {
        if let Err(error) = self.sessions.end_in(user, organization).await {
            tracing::warn!(%error, user.id = %user, "invalid sessions stay listed until they expire");
        }
    }
}

/// A member with their role.
async fn find(tx: &Transaction, scope: Scope, user: UserId) -> Result<(membership::Model, role::Model)> {
    let query = membership::Entity::within(scope).filter(membership::Column::UserId.eq(user));
    match query.find_also_related(role::Entity).one(tx).await? {
        Some((member, Some(role))) => Ok((member, role)),
        _ => Err(ServiceError::NotFound("member")),
    }
}

async fn assign(tx: &Transaction, member: membership::Model, role: RoleId) -> Result<membership::Model> {
    let mut row = member.into_active_model();
    row.role_id = Set(role);
    Ok(row.update(tx).await?)
}
