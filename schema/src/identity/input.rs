//! The inputs of identity's mutations.

use async_graphql::{ID, InputObject};
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use triptych_services::identity::{NewApiToken, SignUp};

/// A newcomer and the organization that they found.
#[derive(InputObject)]
pub struct SignUpInput {
    /// An address that no account has yet.
    pub email: String,
    /// 8 to 256 characters.
    pub password: String,
    /// The name that others see, 1 to 120 characters.
    pub name: String,
    /// 1 to 120 characters.
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

/// How to prove who one is.
#[derive(InputObject)]
pub struct SignInInput {
    /// The account's address, in any case.
    pub email: String,
    /// The account's password.
    pub password: String,
}

/// What to sign out of.
#[derive(InputObject)]
pub struct SignOutInput {
    /// Another session of the caller's. Absent: this one.
    pub session_id: Option<ID>,
}

/// A token to be.
#[derive(InputObject)]
pub struct CreateApiTokenInput {
    /// 1 to 120 characters.
    pub name: String,
    /// What to limit it to, as `action:subject`, such as `read:flow`. Absent or empty: all that the person may do.
    pub scopes: Option<Vec<String>>,
    /// When it shall stop working. Absent: never.
    pub expires_at: Option<DateTime<Utc>>,
}

impl From<CreateApiTokenInput> for NewApiToken {
    fn from(input: CreateApiTokenInput) -> Self {
        Self { name: input.name, scopes: input.scopes.unwrap_or_default(), expires_at: input.expires_at }
    }
}

/// A token to be deleted.
#[derive(InputObject)]
pub struct DeleteApiTokenInput {
    /// One of the caller's own tokens.
    pub id: ID,
}
