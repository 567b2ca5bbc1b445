//! Mutations with tokens of mails.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::mutation::{SignInPayload, signed_in};
use crate::{context::ContextExt as _, errors::Result};

/// Input to create the account of a mail.
#[derive(InputObject)]
pub struct VerifyEmailInput {
    /// The token of the link.
    pub token: String,
    /// The password of the new account, 8 to 256 characters.
    pub password: String,
}

/// Input to ask for another password.
#[derive(InputObject)]
pub struct RequestPasswordResetInput {
    /// The e-mail address of the account; case-insensitive.
    pub email: String,
}

/// Input to set another password.
#[derive(InputObject)]
pub struct ResetPasswordInput {
    /// The token of the link.
    pub token: String,
    /// The new password, 8 to 256 characters.
    pub password: String,
}

/// The answer to a request for another password.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct RequestPasswordResetPayload {
    /// Always true. A mail is sent if there is an account with the address.
    pub requested: bool,
}

/// Mutations with tokens of mails.
#[derive(Default)]
pub struct ByMailMutation;

#[Object]
impl ByMailMutation {
    /// Creates the account that `signUp` has sent a mail for, and signs in. `NOT_FOUND` for a token that is unknown, expired or
    /// used, also if it is repeated. A request can sign up or in once.
    async fn verify_email(&self, ctx: &Context<'_>, input: VerifyEmailInput) -> Result<SignInPayload> {
        let identity = &ctx.services().identity;
        let issued = identity.verify_email(&input.token, input.password.into(), &ctx.client().origin).await?;
        Ok(signed_in(ctx, issued))
    }

    /// Sends a mail with a link that sets another password, if there is an account with the address. Repeating it sends
    /// another mail, whose link replaces the first. `FORBIDDEN` where no mail is sent.
    async fn request_password_reset(
        &self,
        ctx: &Context<'_>,
        input: RequestPasswordResetInput,
    ) -> Result<RequestPasswordResetPayload> {
        ctx.services().identity.request_password_reset(&input.email, &ctx.client().origin).await?;
        Ok(RequestPasswordResetPayload { requested: true })
    }

    /// Sets another password with the token of a mail, ends all sessions of the user, and signs in. API tokens stay valid.
    /// `NOT_FOUND` for a token that is unknown, expired or used, also if it is repeated. A request can sign up or in once.
    async fn reset_password(&self, ctx: &Context<'_>, input: ResetPasswordInput) -> Result<SignInPayload> {
        let identity = &ctx.services().identity;
        let issued =
            identity.reset_password(&input.token, input.password.into(), &ctx.client().origin).await?;
        Ok(signed_in(ctx, issued))
    }
}
