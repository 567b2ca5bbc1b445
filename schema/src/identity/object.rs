//! The types of identity.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use triptych_entities::{
    payloads::session,
    relational::identity::{api_token, organization, user},
};
use triptych_services::access::{Actor, Grant, Proof};

use crate::{
    context::ContextExt as _,
    errors::{ApiError, Result},
};

/// A person who can sign in.
#[derive(SimpleObject)]
pub struct User {
    /// `user_…`
    #[graphql(owned)]
    pub id: ID,
    /// The name that others see.
    pub name: String,
    /// The address that the person signs in with, as they wrote it.
    pub email: String,
    /// When the account was made.
    pub created_at: DateTime<Utc>,
}

impl From<user::Model> for User {
    fn from(row: user::Model) -> Self {
        Self { id: row.id.to_string().into(), name: row.name, email: row.email, created_at: row.created_at }
    }
}

/// An organization: everything belongs to one, and nothing is seen from another.
#[derive(SimpleObject)]
pub struct Organization {
    /// `org_…`
    #[graphql(owned)]
    pub id: ID,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl From<organization::Model> for Organization {
    fn from(row: organization::Model) -> Self {
        Self { id: row.id.to_string().into(), name: row.name, created_at: row.created_at }
    }
}

/// Something that the caller's role allows.
#[derive(SimpleObject)]
pub struct Permission {
    /// `read`, `create`, `update`, `delete`, `publish`, `run`, or `manage` for all of them.
    pub action: String,
    /// What it may be done to, such as `flow` or `thread`.
    pub subject: String,
    /// Only to what the caller owns.
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

/// A place where the caller is signed in.
#[derive(SimpleObject)]
pub struct Session {
    /// `session_…`
    pub id: ID,
    /// Whether this request was made with it.
    pub current: bool,
    /// The browser or program, as it named itself.
    pub user_agent: Option<String>,
    /// When the caller signed in there.
    pub created_at: DateTime<Utc>,
}

impl Session {
    fn new(session: session::Session, proof: &Proof) -> Self {
        Self {
            current: *proof == Proof::Session(session.id),
            id: session.id.to_string().into(),
            user_agent: session.user_agent,
            created_at: session.created_at,
        }
    }
}

/// A long-lived secret for programs. The secret itself is shown once, when it is made.
#[derive(SimpleObject)]
pub struct ApiToken {
    /// `token_…`
    pub id: ID,
    /// What the caller named it.
    pub name: String,
    /// What it is limited to, as `action:subject`. Empty: all that the person may do.
    pub scopes: Vec<String>,
    /// When it stops working, if ever.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, give or take a minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl From<api_token::Model> for ApiToken {
    fn from(row: api_token::Model) -> Self {
        Self {
            id: row.id.to_string().into(),
            name: row.name,
            scopes: row.scopes,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            created_at: row.created_at,
        }
    }
}

pub struct Viewer(pub(super) Arc<Actor>);

/// Who is asking, or who has just signed in.
#[Object]
impl Viewer {
    /// The person.
    async fn user(&self, ctx: &Context<'_>) -> Result<User> {
        let users = ctx.services().identity.users(&self.0, &[self.0.user]).await?;
        Ok(users.into_iter().next().ok_or_else(|| ApiError::not_found("user"))?.into())
    }

    /// The organization that the person acts for.
    async fn organization(&self, ctx: &Context<'_>) -> Result<Organization> {
        Ok(ctx.services().identity.organization(&self.0).await?.into())
    }

    /// What the person's role allows.
    async fn permissions(&self) -> Vec<Permission> {
        self.0.grants.iter().map(Into::into).collect()
    }

    /// Where the person is signed in, newest first.
    async fn sessions(&self, ctx: &Context<'_>) -> Result<Vec<Session>> {
        let sessions = ctx.services().identity.sessions.list(self.0.user).await?;
        Ok(sessions.into_iter().map(|session| Session::new(session, &self.0.proof)).collect())
    }

    /// The person's API tokens, newest first.
    async fn api_tokens(&self, ctx: &Context<'_>) -> Result<Vec<ApiToken>> {
        let tokens = ctx.services().identity.api_tokens(&self.0).await?;
        Ok(tokens.into_iter().map(Into::into).collect())
    }
}
