//! Invites somebody.

use std::time::Duration;

use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, PaginatorTrait as _,
    QueryFilter as _, Set,
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
    postgres::Transaction,
};
use uuid::Uuid;

use crate::{
    audit::{AuditAction, Entry, record},
    identity::{Identity, guesses::INVITATIONS, members::Standing, sign_up::has_email},
    input::{Email, Problems},
    mail::Letter,
};

/// Time after which an invitation expires.
const LIFE: Duration = Duration::from_hours(7 * 24);
/// Invitations of an organization.
const MOST: u64 = 500;
/// The first part of the token of an invitation, so that secret scanners can find a leaked one.
const PREFIX: &str = "inv_";

/// An invitation with its token, of which only the hash is stored.
#[derive(Debug, Clone)]
pub struct Invited {
    pub invitation: invitation::Model,
    /// Absent if it was sent by mail, so that only the owner of the address has it.
    pub token: Option<String>,
}

impl Identity {
    /// Invites the owner of an e-mail address to the organization, by mail where mails are sent. Repeating it replaces the
    /// invitation and its token.
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
        row.role_id = Set(role.id);
        row.invited_by = Set(actor.user);
        row.token_hash = Set(hash_of(&token));
        row.expires_at = Set(self.clock.now() + LIFE);
        if let Some(mail) = earlier.as_ref().and_then(|earlier| earlier.mail_id) {
            self.mails.withdraw(&tx, mail).await?;
        }
        row.mail_id = Set(self.mail(&tx, actor, &email, &token).await?);
        row.mailed_at = Set(None);
        row.mail_error = Set(None);
        row.mail_refused = Set(false);
        row.email = Set(email);
        let invitation = if earlier.is_some() { row.update(&tx).await? } else { row.insert(&tx).await? };
        let mut entry =
            Entry::of(AuditAction::CreateInvitation).target(invitation.id).after(shown(&invitation));
        if let Some(earlier) = &earlier {
            entry = entry.before(shown(earlier));
        }
        record(&tx, &self.clock, actor, entry).await?;
        tx.commit().await?;
        self.mails.wake();
        let token = invitation.mail_id.is_none().then_some(token);
        Ok(Invited { invitation, token })
    }

    /// Queues the mail with the token, where mails are sent.
    async fn mail(&self, tx: &Transaction, actor: &Actor, email: &str, token: &str) -> Result<Option<Uuid>> {
        if !self.mails.enabled() {
            return Ok(None);
        }
        let organization = self.organization(actor).await?.name;
        let inviter = user::Entity::find_by_id(actor.user).one(tx).await?;
        let letter = Letter::Invitation {
            organization,
            inviter: inviter.ok_or(ServiceError::NotFound("user"))?.name,
            token: token.to_owned(),
            expires_at: self.clock.now() + LIFE,
        };
        Ok(Some(self.mails.queue(tx, Some(actor.organization), email, &letter, LIFE).await?))
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
