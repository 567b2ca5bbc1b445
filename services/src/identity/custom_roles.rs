//! Roles that an organization makes itself. Nobody gives or takes permissions that they do not have.

use std::collections::HashSet;

use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, PaginatorTrait as _,
    QueryFilter as _, QueryOrder as _, Set, SqlErr,
};
use serde_json::{Value, json};
use triptych_entities::{
    ids::RoleId,
    relational::identity::{invitation, membership, permission, role},
};
use triptych_stores::{
    access::{Action, Actor, Grant, Scope, Scoped as _, Subject, subjects},
    error::{Result, ServiceError, StoreError},
    fetch::Fetch as _,
    ids::IdColumn as _,
    postgres::Transaction,
};

use super::{
    Identity,
    members::{Standing, grant, grants},
    own_sessions::own_access,
    roles::BuiltIn,
};
use crate::{
    audit::{AuditAction, Entry, record},
    input::{Name, Problems},
};

/// Roles that an organization makes itself.
const MOST: u64 = 100;
/// Permissions of a role.
const MOST_PERMISSIONS: usize = 200;

/// A permission as a caller writes it.
#[derive(Debug, Clone)]
pub struct NewPermission {
    pub action: String,
    pub subject: String,
    pub only_own: bool,
}

/// A role with its permissions.
#[derive(Debug, Clone)]
pub struct RoleWithGrants {
    pub role: role::Model,
    pub grants: Vec<Grant>,
    /// Whether every organization has it.
    pub built_in: bool,
}

impl Identity {
    /// Lists the roles of the organization: the built-in ones, then its own, oldest first.
    ///
    /// # Errors
    /// `Denied` for an API token without the scope.
    pub async fn roles(&self, actor: &Actor) -> Result<Vec<RoleWithGrants>> {
        own_access(actor, Action::Read, Subject::Role)?;
        self.read_roles(actor, None).await
    }

    /// Finds roles of the organization among these ids, for those who may see roles.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub async fn roles_by_ids(&self, actor: &Actor, ids: &[RoleId]) -> Result<Vec<RoleWithGrants>> {
        if own_access(actor, Action::Read, Subject::Role).is_err() {
            return Ok(Vec::new());
        }
        self.read_roles(actor, Some(ids)).await
    }

    async fn read_roles(&self, actor: &Actor, ids: Option<&[RoleId]>) -> Result<Vec<RoleWithGrants>> {
        // Every member sees all roles: a role says nothing about a person.
        let all = Scope::whole(actor.organization);
        let mut query = role::Entity::within(all);
        if let Some(ids) = ids {
            query = query.filter(role::Column::Id.any_of(ids));
        }
        let mut roles = query.order_by_asc(role::Column::Id).fetch(&self.stores.pg).await?;
        roles.sort_by_key(|role| BuiltIn::by_key(&role.key).map_or(usize::MAX, |role| role as usize));
        let ids: Vec<RoleId> = roles.iter().map(|role| role.id).collect();
        let rows = permission::Entity::within(all).filter(permission::Column::RoleId.any_of(&ids));
        let rows = rows.order_by_asc(permission::Column::Id).fetch(&self.stores.pg).await?;
        let with_grants = roles.into_iter().map(|role| {
            let built_in = BuiltIn::by_key(&role.key);
            let own = rows.iter().filter(|row| row.role_id == role.id).filter_map(grant);
            let grants = built_in.map(BuiltIn::grants).unwrap_or_default().into_iter().chain(own).collect();
            RoleWithGrants { role, grants, built_in: built_in.is_some() }
        });
        Ok(with_grants.collect())
    }

    /// Creates a role. Repeating it fails with `Conflict`, as names are unique.
    ///
    /// # Errors
    /// `Invalid` with each wrong field; `Forbidden` for permissions that the caller does not have; `Limit`.
    #[tracing::instrument(skip_all)]
    pub async fn create_role(
        &self,
        actor: &Actor,
        name: &str,
        permissions: &[NewPermission],
    ) -> Result<RoleWithGrants> {
        _ = actor.scope(Action::Create, Subject::Role)?;
        let mut problems = Problems::default();
        let name = problems.parsed("name", Name::parse(name));
        let grants = parse(&mut problems, permissions);
        let name = problems.finish(name)?.into_string();
        let tx = self.stores.pg.begin().await?;
        let standing = Standing::of(&tx, actor).await?;
        let scope = standing.scope(Action::Create, Subject::Role)?;
        standing.covers(&grants)?;
        if role::Entity::within(Scope::whole(scope.organization())).count(&tx).await? >= MOST + 3 {
            return Err(ServiceError::limit(format!(
                "an organization can have at most {MOST} roles of its own"
            )));
        }
        let id: RoleId = self.clock.new_id();
        let inserted = role::ActiveModel {
            id: Set(id),
            organization_id: Set(scope.organization()),
            key: Set(format!("r{}", id.0.simple())),
            name: Set(name),
            created_at: Set(self.clock.now()),
        }
        .insert(&tx)
        .await;
        let role = inserted.map_err(taken)?;
        self.write(&tx, &role, &grants).await?;
        let entry = Entry::of(AuditAction::CreateRole).target(id).after(shown(&role, &grants));
        record(&tx, &self.clock, actor, entry).await?;
        tx.commit().await?;
        Ok(RoleWithGrants { role, grants, built_in: false })
    }

    /// Changes the name of a role, or replaces its permissions, for all members who have it.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` for a built-in role and for a name that another role has; `Forbidden` for permissions, old
    /// or new, that the caller does not have.
    #[tracing::instrument(skip_all, fields(role.id = %id))]
    pub async fn update_role(
        &self,
        actor: &Actor,
        id: RoleId,
        name: Option<&str>,
        permissions: Option<&[NewPermission]>,
    ) -> Result<RoleWithGrants> {
        _ = actor.scope(Action::Update, Subject::Role)?;
        let mut problems = Problems::default();
        let name = name.and_then(|name| problems.parsed("name", Name::parse(name)));
        let wanted = permissions.map(|permissions| parse(&mut problems, permissions));
        problems.check()?;
        let tx = self.stores.pg.begin().await?;
        let (standing, before) = self.changeable(&tx, actor, Action::Update, id).await?;
        let old = grants(&tx, &before).await?;
        let new = wanted.unwrap_or_else(|| old.clone());
        standing.covers(&new)?;
        let mut row = before.clone().into_active_model();
        if let Some(name) = name {
            row.name = Set(name.into_string());
        }
        let role = if row.is_changed() { row.update(&tx).await.map_err(taken)? } else { before.clone() };
        let of_role = permission::Entity::delete_within(Scope::whole(role.organization_id));
        of_role.filter(permission::Column::RoleId.eq(id)).exec(&tx).await?;
        self.write(&tx, &role, &new).await?;
        let entry = Entry::of(AuditAction::ChangeRole).target(id);
        let entry = entry.before(shown(&before, &old)).after(shown(&role, &new));
        record(&tx, &self.clock, actor, entry).await?;
        tx.commit().await?;
        Ok(RoleWithGrants { role, grants: new, built_in: false })
    }

    /// Deletes a role that nobody has and nobody is invited to.
    ///
    /// # Errors
    /// `NotFound`, also if the call is repeated; `Conflict` for a built-in role and for one that is used.
    #[tracing::instrument(skip_all, fields(role.id = %id))]
    pub async fn delete_role(&self, actor: &Actor, id: RoleId) -> Result<()> {
        _ = actor.scope(Action::Delete, Subject::Role)?;
        let tx = self.stores.pg.begin().await?;
        let (_, role) = self.changeable(&tx, actor, Action::Delete, id).await?;
        let all = Scope::whole(role.organization_id);
        let members =
            membership::Entity::within(all).filter(membership::Column::RoleId.eq(id)).count(&tx).await?;
        let invited =
            invitation::Entity::within(all).filter(invitation::Column::RoleId.eq(id)).count(&tx).await?;
        if members + invited > 0 {
            let message =
                format!("{members} members and {invited} invitations have this role; change them first");
            return Err(ServiceError::conflict(message));
        }
        let old = grants(&tx, &role).await?;
        role::Entity::delete_within(all).filter(role::Column::Id.eq(id)).exec(&tx).await?;
        let entry = Entry::of(AuditAction::DeleteRole).target(id).before(shown(&role, &old));
        record(&tx, &self.clock, actor, entry).await?;
        Ok(tx.commit().await?)
    }

    /// A role of the organization's own that the caller may change.
    async fn changeable<'a>(
        &self,
        tx: &'a Transaction,
        actor: &Actor,
        action: Action,
        id: RoleId,
    ) -> Result<(Standing<'a>, role::Model)> {
        let standing = Standing::of(tx, actor).await?;
        let scope = standing.scope(action, Subject::Role)?;
        let found = role::Entity::within(scope).filter(role::Column::Id.eq(id)).one(tx).await?;
        let role = found.ok_or(ServiceError::NotFound("role"))?;
        if BuiltIn::by_key(&role.key).is_some() {
            return Err(ServiceError::conflict("built-in roles cannot be changed"));
        }
        standing.covers_role(&role).await?;
        Ok((standing, role))
    }

    async fn write(&self, tx: &Transaction, role: &role::Model, grants: &[Grant]) -> Result<(), StoreError> {
        let rows = grants.iter().map(|grant| permission::ActiveModel {
            id: Set(self.clock.new_id()),
            organization_id: Set(role.organization_id),
            role_id: Set(role.id),
            action: Set(grant.action.name().to_owned()),
            subject: Set(grant.subject.name().to_owned()),
            only_own: Set(grant.only_own),
        });
        let rows: Vec<_> = rows.collect();
        if !rows.is_empty() {
            permission::Entity::insert_many(rows).exec_without_returning(tx).await?;
        }
        Ok(())
    }
}

fn taken(error: sea_orm::DbErr) -> ServiceError {
    if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) {
        return ServiceError::conflict("there is a role with this name already");
    }
    error.into()
}

/// Checks the permissions of a role.
fn parse(problems: &mut Problems, permissions: &[NewPermission]) -> Vec<Grant> {
    if permissions.len() > MOST_PERMISSIONS {
        problems.add("permissions", format!("at most {MOST_PERMISSIONS}"));
        return Vec::new();
    }
    let mut seen = HashSet::new();
    let mut grants = Vec::new();
    for (n, NewPermission { action, subject, only_own }) in permissions.iter().enumerate() {
        let known_action = Action::by_name(action).ok_or("there is no such action");
        let action = problems.parsed(format!("permissions.{n}.action"), known_action);
        let known_subject = subjects::by_name(subject).ok_or("there is no such subject");
        let subject = problems.parsed(format!("permissions.{n}.subject"), known_subject);
        let Some((action, subject)) = action.zip(subject) else { continue };
        if subject.is_private() && !only_own {
            let message = "is private: a permission on it has to be limited to own objects";
            problems.add(format!("permissions.{n}.onlyOwn"), message);
        }
        if !seen.insert((action, subject)) {
            problems.add(format!("permissions.{n}"), "is given already");
        }
        grants.push(Grant { action, subject, only_own: *only_own });
    }
    grants
}

/// A role in the audit log.
fn shown(role: &role::Model, grants: &[Grant]) -> Value {
    let text = |grant: &Grant| {
        format!("{}:{}{}", grant.action, grant.subject, if grant.only_own { ":own" } else { "" })
    };
    json!({ "name": role.name, "permissions": grants.iter().map(text).collect::<Vec<_>>() })
}
