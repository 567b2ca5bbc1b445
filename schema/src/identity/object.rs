//! The objects of identity.

use std::sync::Arc;

use async_graphql::{Context, Object, SimpleObject};
use chrono::{DateTime, Utc};
use triptych_entities::{
    ids::{ApiTokenId, OrganizationId, UserId},
    relational::identity::{api_token, organization, user},
};
use triptych_services::access::{Actor, Grant};

use super::Session;
use crate::{
    context::ContextExt as _,
    errors::{ApiError, Result},
    output::{Id, Items},
};

/// A user account.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct User {
    /// `user_…`
    pub id: Id<UserId>,
    /// The display name.
    pub name: String,
    /// The email address for signing in, as entered.
    pub email: String,
    /// When the account was created.
    pub created_at: DateTime<Utc>,
}

impl From<user::Model> for User {
    fn from(row: user::Model) -> Self {
        Self { id: Id(row.id), name: row.name, email: row.email, created_at: row.created_at }
    }
}

/// An organization. All data belongs to one organization and is not visible to others.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct Organization {
    /// `org_…`
    pub id: Id<OrganizationId>,
    /// The name.
    pub name: String,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

impl From<organization::Model> for Organization {
    fn from(row: organization::Model) -> Self {
        Self { id: Id(row.id), name: row.name, created_at: row.created_at }
    }
}

/// A permission of the caller's role.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct Permission {
    /// The action: `read`, `create`, `update`, `delete`, `publish`, `run`, or `manage` for all of them.
    pub action: String,
    /// The subject of the action, such as `flow` or `thread`.
    pub subject: String,
    /// Whether the permission is limited to objects that the caller owns.
    pub only_own: bool,
}

impl From<&Grant> for Permission {
    fn from(grant: &Grant) -> Self {
        Self {
            action: grant.action.name().to_owned(),
            subject: grant.subject.name().to_owned(),
            only_own: grant.only_own,
        }
    }
}

/// An API token for programs. The secret is returned once, when the token is created.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct ApiToken {
    /// `token_…`
    pub id: Id<ApiTokenId>,
    /// The name.
    pub name: String,
    /// The scopes in the form `action:subject`; empty for all permissions of the user, except those on API tokens,
    /// sessions, members, roles and the audit log.
    pub scopes: Vec<String>,
    /// When the token expires; null if it does not expire.
    pub expires_at: Option<DateTime<Utc>>,
    /// When the token was last used, with a precision of one minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

impl From<api_token::Model> for ApiToken {
    fn from(row: api_token::Model) -> Self {
        Self {
            id: Id(row.id),
            name: row.name,
            scopes: row.scopes,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            created_at: row.created_at,
        }
    }
}

pub struct Viewer(pub(super) Arc<Actor>);

/// The signed-in user.
#[Object(crate = "crate::output")]
impl Viewer {
    /// The user.
    async fn user(&self, ctx: &Context<'_>) -> Result<User> {
        let users = ctx.services().identity.users(&self.0, &[self.0.user]).await?;
        Ok(users.into_iter().next().ok_or_else(|| ApiError::not_found("user"))?.into())
    }

    /// The organization of the session.
    async fn organization(&self, ctx: &Context<'_>) -> Result<Organization> {
        Ok(ctx.services().identity.organization(&self.0).await?.into())
    }

    /// The organizations of the user, oldest first; with an API token, that of the token. `switchOrganization` continues in
    /// another one.
    async fn organizations(&self, ctx: &Context<'_>) -> Result<Items<Organization>> {
        let organizations = ctx.services().identity.organizations(&self.0).await?;
        Ok(organizations.into_iter().map(Into::into).collect())
    }

    /// The permissions of the user's role.
    fn permissions(&self) -> Items<Permission> {
        self.0.grants.iter().map(Into::into).collect()
    }

    /// The sessions of the user, newest first. An API token needs the scope `read:session`.
    async fn sessions(&self, ctx: &Context<'_>) -> Result<Items<Session>> {
        let sessions = ctx.services().identity.sessions_of(&self.0).await?;
        Ok(sessions.into_iter().map(|session| Session::new(session, &self.0.proof)).collect())
    }

    /// The API tokens of the user, newest first. An API token needs the scope `read:api_token`.
    async fn api_tokens(&self, ctx: &Context<'_>) -> Result<Items<ApiToken>> {
        let tokens = ctx.services().identity.api_tokens(&self.0).await?;
        Ok(tokens.into_iter().map(Into::into).collect())
    }
}
