//! What can go wrong with a generation, and whose fault it is.

use triptych_stores::error::{Code, Coded, Denied, Invalid, Problem, StoreError};

#[derive(Debug, thiserror::Error)]
pub enum GenerationError {
    #[error("no such generation")]
    NotFound,
    #[error(transparent)]
    Invalid(#[from] Invalid),
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for GenerationError {
    fn code(&self) -> Code {
        match self {
            Self::NotFound => Code::NotFound,
            Self::Invalid(error) => error.code(),
            Self::Denied(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn problems(&self) -> &[Problem] {
        match self {
            Self::Invalid(error) => error.problems(),
            _ => &[],
        }
    }
}
