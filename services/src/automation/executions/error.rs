//! What can go wrong with executions.

use triptych_entities::ids::ExecutionId;
use triptych_stores::error::{Code, Coded, Denied, Invalid, Problem, StoreError};

use crate::automation::flows::FlowError;

#[derive(Debug, thiserror::Error)]
pub enum ExecutionError {
    #[error("no such execution")]
    NotFound,
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The flow or the execution is not in a state that allows it.
    #[error("{0}")]
    Conflict(&'static str),
    /// A caller of a webhook that did not show the flow's secret.
    #[error("the webhook's secret is missing or wrong")]
    WrongSecret,
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Flow(#[from] FlowError),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A stored execution that contradicts itself.
    #[error("execution {0} names a step that its version does not have")]
    Broken(ExecutionId),
}

impl From<sea_orm::DbErr> for ExecutionError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Store(error.into())
    }
}

impl Coded for ExecutionError {
    fn code(&self) -> Code {
        match self {
            Self::NotFound => Code::NotFound,
            Self::Invalid(_) => Code::BadUserInput,
            Self::Conflict(_) => Code::Conflict,
            Self::WrongSecret => Code::Unauthenticated,
            Self::Denied(denied) => denied.code(),
            Self::Flow(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::Broken(_) => Code::Internal,
        }
    }

    fn problems(&self) -> &[Problem] {
        match self {
            Self::Invalid(invalid) => invalid.problems(),
            Self::Flow(error) => error.problems(),
            _ => &[],
        }
    }
}
