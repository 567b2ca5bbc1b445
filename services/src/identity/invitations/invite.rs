//! Invites somebody.

use std::time::Duration;

use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, IntoActiveModel as _, PaginatorTrait as _, QueryFilter as _,
    Set,
    sea_query::{Expr, ExprTrait as _, Func, Query, SimpleExpr},
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use triptych_entities::{
    ids::RoleId,
    relational::identity::{invitation, membership, user},
};
use triptych_stores::{
    access::{Action, Actor, Scope, Scoped as _, Subject},
    error::{Result, ServiceError},
};

use crate::{
    audit::{AuditAction, Entry, record},
    identity::{Identity, guesses::INVITATIONS, members::Standing, sign_up::has_email},
    input::{Email, Problems},
};

/// Time after which an invitation expires.
const LIFE: Duration = Duration::from_hours(7 * 24);
/// Invitations of an organization.
const MOST: u64 = 500;
/// The first part of the token of an invitation, so that secret scanners can find a leaked one.
const PREFIX: &str = "inv_";

/// An invitation with its token, which is not stored.
#[derive(Debug, Clone)]
pub struct Invited {
    pub invitation: invitation::Model,
    pub token: String,
}

impl Identity {
    /// Invites the owner of an e-mail address to the organization. Repeating it replaces the invitation and its token.
    ///
    /// # Errors
    /// `Invalid`; `NotFound` for a role; `Forbidden` for a role with permissions that the caller does not have; `Conflict`
    /// for a member; `Limit`, and `RateLimited` for an organization that invites too often.
    #[tracing::instrument(skip_all)]
    pub async fn invite(&self, actor: &Actor, email: &str, role: RoleId) -> Result<Invited> {
        _ = actor.scope(Action::Create, Subject::Member)?;
        let mut problems = Problems::default();
        let email = problems.parsed("email", Email::parse(email));
        let email = problems.finish(email)?.into_string();
        let tx = self.stores.pg.begin().await?;
        let standing = Standing::of(&tx, actor).await?;
        let scope = standing.scope(Action::Create, Subject::Member)?;
        let role = standing.find_role(role).await?;
        standing.covers_role(&role).await?;
        let all = Scope::whole(scope.organization());
        let users = Query::select()
            .column(user::Column::Id)
            .from(user::Entity)
            .and_where(has_email(&email))
            .to_owned();
        let member = membership::Entity::within(all).filter(membership::Column::UserId.in_subquery(users));
        if member.one(&tx).await?.is_some() {
            return Err(ServiceError::conflict("somebody with this e-mail address is a member already"));
        }
        let earlier = invitation::Entity::within(all).filter(is_for(&email)).one(&tx).await?;
        if earlier.is_none() && invitation::Entity::within(all).count(&tx).await? >= MOST {
            let message = format!("an organization can have at most {MOST} invitations; revoke some first");
            return Err(ServiceError::limit(message));
        }
        self.guesses.count(&INVITATIONS, &scope.organization().to_string()).await?;
        let token = format!("{PREFIX}{}", self.clock.new_secret());
        let mut row = match &earlier {
            Some(earlier) => earlier.clone().into_active_model(),
            None => invitation::ActiveModel {
                id: Set(self.clock.new_id()),
                organization_id: Set(scope.organization()),
                created_at: Set(self.clock.now()),
                ..Default::default()
            },
        };
        row.email = Set(email);
        row.role_id = Set(role.id);
        row.invited_by = Set(actor.user);
        row.token_hash = Set(hash_of(&token));
        row.expires_at = Set(self.clock.now() + LIFE);
        let invitation = if earlier.is_some() { row.update(&tx).await? } else { row.insert(&tx).await? };
        let mut entry =
            Entry::of(AuditAction::CreateInvitation).target(invitation.id).after(shown(&invitation));
        if let Some(earlier) = &earlier {
            entry = entry.before(shown(earlier));
        }
        record(&tx, &self.clock, actor, entry).await?;
        tx.commit().await?;
        Ok(Invited { invitation, token })
    }
}

/// The stored form of a token.
pub(super) fn hash_of(token: &str) -> Vec<u8> {
    Sha256::digest(token).to_vec()
}

fn is_for(email: &str) -> SimpleExpr {
    Func::lower(Expr::col((invitation::Entity, invitation::Column::Email))).eq(email.to_lowercase())
}

/// An invitation in the audit log.
pub(super) fn shown(row: &invitation::Model) -> Value {
    json!({ "email": row.email, "roleId": row.role_id.to_string(), "expiresAt": row.expires_at })
}
