//! Errors of services.

use std::borrow::Cow;

use serde_json::Value;
use triptych_entities::access::{Action, Subject};

use super::{Code, Coded, Invalid, Problem, RateLimited, StoreError};

/// The result of a service call.
pub type Result<T, E = ServiceError> = std::result::Result<T, E>;

/// An error of a service. A domain with errors of other kinds implements [`Coded`] for its own type and returns it as
/// [`ServiceError::Domain`].
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The object does not exist, or is out of the caller's scope.
    #[error("no such {0}")]
    NotFound(&'static str),
    #[error(transparent)]
    Invalid(#[from] Invalid),
    #[error("{0}")]
    Unauthenticated(&'static str),
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The state of the object does not allow the action, or it was changed concurrently.
    #[error("{0}")]
    Conflict(Cow<'static, str>),
    /// A limit is exceeded.
    #[error("{0}")]
    Limit(Cow<'static, str>),
    /// An external service failed.
    #[error("{0}")]
    Upstream(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A defect, or inconsistent stored data. The text is only logged.
    #[error("{0}")]
    Internal(String),
    #[error("{0}")]
    Domain(Box<dyn Coded>),
}

impl ServiceError {
    pub fn conflict(message: impl Into<Cow<'static, str>>) -> Self {
        Self::Conflict(message.into())
    }

    pub fn limit(message: impl Into<Cow<'static, str>>) -> Self {
        Self::Limit(message.into())
    }

    pub fn domain(error: impl Coded) -> Self {
        Self::Domain(Box::new(error))
    }
}

impl From<RateLimited> for ServiceError {
    fn from(error: RateLimited) -> Self {
        Self::domain(error)
    }
}

impl From<sea_orm::DbErr> for ServiceError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Store(error.into())
    }
}

impl From<mongodb::error::Error> for ServiceError {
    fn from(error: mongodb::error::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<redis::RedisError> for ServiceError {
    fn from(error: redis::RedisError) -> Self {
        Self::Store(error.into())
    }
}

impl From<serde_json::Error> for ServiceError {
    fn from(error: serde_json::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Coded for ServiceError {
    fn code(&self) -> Code {
        match self {
            Self::NotFound(_) => Code::NotFound,
            Self::Invalid(_) => Code::BadUserInput,
            Self::Unauthenticated(_) => Code::Unauthenticated,
            Self::Denied(_) => Code::Forbidden,
            Self::Conflict(_) => Code::Conflict,
            Self::Limit(_) => Code::LimitExceeded,
            Self::Upstream(_) => Code::UpstreamFailed,
            Self::Store(error) => error.code(),
            Self::Internal(_) => Code::Internal,
            Self::Domain(error) => error.code(),
        }
    }

    fn problems(&self) -> &[Problem] {
        match self {
            Self::Invalid(invalid) => invalid.problems(),
            Self::Domain(error) => error.problems(),
            _ => &[],
        }
    }

    fn extensions(&self) -> Vec<(&'static str, Value)> {
        match self {
            Self::Domain(error) => error.extensions(),
            _ => Vec::new(),
        }
    }
}

/// An action that the role of the caller does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("your role does not allow you to {action} this {subject}")]
pub struct Denied {
    pub action: Action,
    pub subject: Subject,
}

impl Coded for Denied {
    fn code(&self) -> Code {
        Code::Forbidden
    }
}
