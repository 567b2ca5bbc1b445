//! What can go wrong around people and their access.

use triptych_stores::error::{Code, Coded, Denied, Invalid, Problem, StoreError};

#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// One sentence for an unknown address and a wrong password, so that neither can be probed for.
    #[error("the e-mail address or the password is wrong")]
    WrongCredentials,
    #[error("sign in first")]
    Unauthenticated,
    #[error("there is an account with this e-mail address already; sign in instead")]
    EmailTaken,
    #[error("not found")]
    NotFound,
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a password could not be hashed: {0}")]
    Hash(String),
}

impl From<sea_orm::DbErr> for IdentityError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Store(error.into())
    }
}

impl Coded for IdentityError {
    fn code(&self) -> Code {
        match self {
            Self::Invalid(_) => Code::BadUserInput,
            Self::WrongCredentials | Self::Unauthenticated => Code::Unauthenticated,
            Self::EmailTaken => Code::Conflict,
            Self::NotFound => Code::NotFound,
            Self::Denied(denied) => denied.code(),
            Self::Store(error) => error.code(),
            Self::Hash(_) => Code::Internal,
        }
    }

    fn problems(&self) -> &[Problem] {
        match self {
            Self::Invalid(invalid) => invalid.problems(),
            _ => &[],
        }
    }
}
