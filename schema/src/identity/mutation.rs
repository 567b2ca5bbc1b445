//! Signing up, in and out; API tokens.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use triptych_services::identity::IssuedSession;

use super::{
    input::{CreateApiTokenInput, DeleteApiTokenInput, SignInInput, SignOutInput, SignUpInput},
    object::{ApiToken, Viewer},
};
use crate::{
    automation::flows::DeletePayload,
    context::{ContextExt as _, parse_id, parse_id_opt},
    errors::{ApiError, Result},
};

/// The cookie that browsers authenticate with.
pub const SESSION_COOKIE: &str = "triptych_session";

pub struct SignInPayload {
    issued: IssuedSession,
}

/// A fresh session.
#[Object]
impl SignInPayload {
    /// Send it as `Authorization: Bearer …`. Browsers have it in an `HttpOnly` cookie already.
    async fn token(&self) -> &str {
        &self.issued.token
    }

    /// When the session ends if it is not used; each use moves it on.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.issued.expires_at
    }

    /// Who has signed in.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Viewer> {
        let actor = ctx.services().identity.authenticate(&self.issued.token).await?;
        Ok(Viewer(Arc::new(actor.ok_or_else(ApiError::signed_out)?)))
    }
}

/// What is left after signing out.
#[derive(SimpleObject)]
pub struct SignOutPayload {
    /// Always true: the session is gone.
    pub signed_out: bool,
}

/// A new API token.
#[derive(SimpleObject)]
pub struct CreateApiTokenPayload {
    /// What can be seen of it from now on.
    pub api_token: ApiToken,
    /// The secret. It is shown this once.
    pub secret: String,
}

/// Mutations of identity.
#[derive(Default)]
pub struct IdentityMutation;

#[Object]
impl IdentityMutation {
    /// Creates an account, and an organization that it owns, and signs in. Repeating it answers `CONFLICT`.
    async fn sign_up(&self, ctx: &Context<'_>, input: SignUpInput) -> Result<SignInPayload> {
        let agent = ctx.client().user_agent.clone();
        let issued = ctx.services().identity.sign_up(input.into(), agent).await?;
        Ok(signed_in(ctx, issued))
    }

    /// Signs in. Each time makes another session.
    async fn sign_in(&self, ctx: &Context<'_>, input: SignInInput) -> Result<SignInPayload> {
        let agent = ctx.client().user_agent.clone();
        let password = SecretString::from(input.password);
        let issued = ctx.services().identity.sign_in(&input.email, password, agent).await?;
        Ok(signed_in(ctx, issued))
    }

    /// Ends the caller's session, or another of the caller's. Subscriptions of that session end too.
    async fn sign_out(&self, ctx: &Context<'_>, input: SignOutInput) -> Result<SignOutPayload> {
        let actor = ctx.actor()?;
        if let Some(id) = parse_id_opt("sessionId", input.session_id.as_ref())? {
            ctx.services().identity.sessions.end(actor.user, id).await?;
        } else {
            ctx.services().identity.sign_out(actor).await?;
            set_cookie(ctx, "", 0);
        }
        Ok(SignOutPayload { signed_out: true })
    }

    /// Makes an API token. Repeating it makes another.
    async fn create_api_token(
        &self,
        ctx: &Context<'_>,
        input: CreateApiTokenInput,
    ) -> Result<CreateApiTokenPayload> {
        let (row, secret) = ctx.services().identity.create_api_token(ctx.actor()?, input.into()).await?;
        Ok(CreateApiTokenPayload { api_token: row.into(), secret })
    }

    /// Deletes an API token, which stops working at once. Repeating it answers `NOT_FOUND`.
    async fn delete_api_token(&self, ctx: &Context<'_>, input: DeleteApiTokenInput) -> Result<DeletePayload> {
        let id = parse_id("id", &input.id)?;
        ctx.services().identity.delete_api_token(ctx.actor()?, id).await?;
        Ok(DeletePayload { deleted_id: ID(input.id.0) })
    }
}

fn signed_in(ctx: &Context<'_>, issued: IssuedSession) -> SignInPayload {
    set_cookie(ctx, &issued.token, ctx.services().identity.sessions.ttl().as_secs());
    SignInPayload { issued }
}

fn set_cookie(ctx: &Context<'_>, token: &str, max_age: u64) {
    let secure = if ctx.client().secure { "; Secure" } else { "" };
    let cookie =
        format!("{SESSION_COOKIE}={token}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Lax{secure}");
    ctx.insert_http_header("set-cookie", cookie);
}
