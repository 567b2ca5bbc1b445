//! The inputs of identity's mutations.

use async_graphql::{ID, InputObject};
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use triptych_services::identity::{NewApiToken, SignUp};

/// Input to create an account and an organization.
#[derive(InputObject)]
pub struct SignUpInput {
    /// An email address without an account.
    pub email: String,
    /// 8 to 256 characters.
    pub password: String,
    /// The display name, 1 to 120 characters.
    pub name: String,
    /// The name, 1 to 120 characters.
    pub organization_name: String,
}

impl From<SignUpInput> for SignUp {
    fn from(input: SignUpInput) -> Self {
        Self {
            email: input.email,
            password: SecretString::from(input.password),
            name: input.name,
            organization_name: input.organization_name,
        }
    }
}

/// Input to sign in.
#[derive(InputObject)]
pub struct SignInInput {
    /// The email address of the account; case-insensitive.
    pub email: String,
    /// The password of the account.
    pub password: String,
}

/// Input to sign out.
#[derive(InputObject)]
pub struct SignOutInput {
    /// The session to end, one of the caller's. Default: the current session.
    pub session_id: Option<ID>,
}

/// Input to change the password.
#[derive(InputObject)]
pub struct ChangePasswordInput {
    /// The password until now. A wrong one counts as a failed attempt to sign in.
    pub current_password: String,
    /// The new password, 8 to 256 characters.
    pub new_password: String,
}

/// Input to switch to another organization.
#[derive(InputObject)]
pub struct SwitchOrganizationInput {
    /// The id of an organization of the user.
    pub organization_id: ID,
}

/// Input to create an API token.
#[derive(InputObject)]
pub struct CreateApiTokenInput {
    /// The name, 1 to 120 characters.
    pub name: String,
    /// Up to 100 scopes in the form `action:subject`, such as `read:flow`. Each is cut to what the caller may do, and
    /// refused if nothing is left. Default: all permissions of the caller, except those on `api_token`, `session`,
    /// `member`, `role` and `audit_event`, which have to be named.
    pub scopes: Option<Vec<String>>,
    /// When the token expires. Default: never. A token that is made with a token expires and is deleted with it.
    pub expires_at: Option<DateTime<Utc>>,
}

impl From<CreateApiTokenInput> for NewApiToken {
    fn from(input: CreateApiTokenInput) -> Self {
        Self { name: input.name, scopes: input.scopes.unwrap_or_default(), expires_at: input.expires_at }
    }
}

/// Input to delete an API token.
#[derive(InputObject)]
pub struct DeleteApiTokenInput {
    /// The id of a token of the caller.
    pub id: ID,
}
