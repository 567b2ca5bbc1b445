//! What can go wrong with flows.

use triptych_stores::error::{Code, Coded, Denied, Invalid, Problem, StoreError};

#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    #[error("no such flow")]
    NotFound,
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The flow is not in a state that allows it.
    #[error("{0}")]
    Conflict(&'static str),
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sea_orm::DbErr> for FlowError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Store(error.into())
    }
}

impl Coded for FlowError {
    fn code(&self) -> Code {
        match self {
            Self::NotFound => Code::NotFound,
            Self::Invalid(_) => Code::BadUserInput,
            Self::Conflict(_) => Code::Conflict,
            Self::Denied(denied) => denied.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn problems(&self) -> &[Problem] {
        match self {
            Self::Invalid(invalid) => invalid.problems(),
            _ => &[],
        }
    }
}
