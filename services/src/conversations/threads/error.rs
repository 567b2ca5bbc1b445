//! What can go wrong with threads and messages, and whose fault it is.

use serde_json::Value;
use triptych_entities::ids::GenerationId;
use triptych_stores::error::{Code, Coded, Denied, Invalid, Problem, StoreError};

#[derive(Debug, thiserror::Error)]
pub enum ThreadError {
    #[error("no such thread")]
    NotFound,
    #[error("no such message")]
    MessageNotFound,
    /// A thread has one answer at a time.
    #[error("the thread is being answered; wait for the end of {generation}, or cancel it")]
    Busy { generation: GenerationId },
    #[error(transparent)]
    Invalid(#[from] Invalid),
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for ThreadError {
    fn code(&self) -> Code {
        match self {
            Self::NotFound | Self::MessageNotFound => Code::NotFound,
            Self::Busy { .. } => Code::Conflict,
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

    fn extensions(&self) -> Vec<(&'static str, Value)> {
        match self {
            Self::Busy { generation } => vec![("activeGenerationId", generation.to_string().into())],
            _ => Vec::new(),
        }
    }
}
