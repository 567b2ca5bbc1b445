//! Mutations of accounts, sessions and API tokens.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use triptych_services::identity::IssuedSession;

use super::{
    cookie::SessionCookie,
    input::{
        ChangePasswordInput, CreateApiTokenInput, DeleteApiTokenInput, SignInInput, SignOutInput,
        SignUpInput, SwitchOrganizationInput,
    },
    object::{ApiToken, Viewer},
};
use crate::{
    context::{ContextExt as _, parse_id, parse_id_opt},
    errors::{ApiError, Result},
    payloads::DeletePayload,
};

pub struct SignInPayload {
    issued: IssuedSession,
}

/// A new session.
#[Object(crate = "crate::output")]
impl SignInPayload {
    /// The session token, for the header `Authorization: Bearer …`. Browsers also receive it as an `HttpOnly` cookie.
    fn token(&self) -> &str {
        &self.issued.token
    }

    /// When the session expires if it is not used.
    fn expires_at(&self) -> DateTime<Utc> {
        self.issued.expires_at
    }

    /// The signed-in user.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Viewer> {
        let actor = ctx.services().identity.authenticate(&self.issued.token, &ctx.client().origin).await?;
        Ok(Viewer(Arc::new(actor.ok_or_else(ApiError::signed_out)?)))
    }
}

/// The result of signing out.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct SignOutPayload {
    /// Always true: the session has ended.
    pub signed_out: bool,
}

/// A new API token.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct CreateApiTokenPayload {
    /// The token without its secret.
    pub api_token: ApiToken,
    /// The secret. It is not returned again.
    pub secret: String,
}

/// Mutations of identity.
#[derive(Default)]
pub struct IdentityMutation;

#[Object]
impl IdentityMutation {
    /// Creates an account with an organization, and signs in. Repeating it fails with `CONFLICT`. `FORBIDDEN` where accounts
    /// are created by invitation only, or not at all. A request can sign up or in once.
    async fn sign_up(&self, ctx: &Context<'_>, input: SignUpInput) -> Result<SignInPayload> {
        let issued = ctx.services().identity.sign_up(input.into(), &ctx.client().origin).await?;
        Ok(signed_in(ctx, issued))
    }

    /// Signs in. Each call creates a session. After too many wrong passwords for an account, or from an address, it fails
    /// with `RATE_LIMITED`, whose `retryAfter` is the number of seconds to wait. A request can sign up or in once.
    async fn sign_in(&self, ctx: &Context<'_>, input: SignInInput) -> Result<SignInPayload> {
        let password = SecretString::from(input.password);
        let issued = ctx.services().identity.sign_in(&input.email, password, &ctx.client().origin).await?;
        Ok(signed_in(ctx, issued))
    }

    /// Changes the password, ends all sessions of the user, and starts a new one. API tokens stay valid. Needs a session.
    /// A wrong current password counts as a failed attempt to sign in.
    async fn change_password(&self, ctx: &Context<'_>, input: ChangePasswordInput) -> Result<SignInPayload> {
        let (current, new) = (input.current_password.into(), input.new_password.into());
        let issued = ctx.services().identity.change_password(ctx.actor()?, current, new).await?;
        Ok(signed_in(ctx, issued))
    }

    /// Ends the session and starts one in another organization of the user. Needs a session.
    async fn switch_organization(
        &self,
        ctx: &Context<'_>,
        input: SwitchOrganizationInput,
    ) -> Result<SignInPayload> {
        let to = parse_id("organizationId", &input.organization_id)?;
        let issued = ctx.services().identity.switch_organization(ctx.actor()?, to).await?;
        Ok(signed_in(ctx, issued))
    }

    /// Ends all sessions of the user, in all organizations, and their subscriptions. The payload has the id of the current
    /// session; it is null with an API token, which needs the scope `delete:session`.
    async fn sign_out_everywhere(&self, ctx: &Context<'_>) -> Result<Option<DeletePayload>> {
        let ended = ctx.services().identity.sign_out_everywhere(ctx.actor()?).await?;
        forget_cookie(ctx);
        Ok(ended.map(|id| DeletePayload::of(ID(id.to_string()))))
    }

    /// Ends the current session, or another one of the caller, and the subscriptions of that session. An API token needs
    /// the scope `delete:session`.
    async fn sign_out(&self, ctx: &Context<'_>, input: SignOutInput) -> Result<SignOutPayload> {
        let actor = ctx.actor()?;
        let session = parse_id_opt("sessionId", input.session_id.as_ref())?;
        ctx.services().identity.sign_out(actor, session).await?;
        if session.is_none() {
            forget_cookie(ctx);
        }
        Ok(SignOutPayload { signed_out: true })
    }

    /// Creates an API token. Repeating it creates another one.
    async fn create_api_token(
        &self,
        ctx: &Context<'_>,
        input: CreateApiTokenInput,
    ) -> Result<CreateApiTokenPayload> {
        let (row, secret) = ctx.services().identity.create_api_token(ctx.actor()?, input.into()).await?;
        Ok(CreateApiTokenPayload { api_token: row.into(), secret })
    }

    /// Deletes an API token, which is rejected from then on. Repeating it fails with `NOT_FOUND`.
    async fn delete_api_token(&self, ctx: &Context<'_>, input: DeleteApiTokenInput) -> Result<DeletePayload> {
        let id = parse_id("id", &input.id)?;
        ctx.services().identity.delete_api_token(ctx.actor()?, id).await?;
        Ok(DeletePayload::of(ID(input.id.0)))
    }
}

/// Sets the cookie of a new session.
pub(super) fn signed_in(ctx: &Context<'_>, issued: IssuedSession) -> SignInPayload {
    let age = ctx.services().identity.sessions.ttl();
    ctx.insert_http_header("set-cookie", SessionCookie::of(ctx.client()).store(&issued.token, age));
    SignInPayload { issued }
}

/// Removes the cookie of a session that has ended.
pub(super) fn forget_cookie(ctx: &Context<'_>) {
    ctx.insert_http_header("set-cookie", SessionCookie::of(ctx.client()).forget());
}
