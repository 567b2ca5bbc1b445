//! The types of errors: each has a code that the client receives and, for bad input, the invalid fields.

mod invalid;
mod rate;
mod service;
mod store;

pub use invalid::{Invalid, Problem};
pub use rate::RateLimited;
use serde_json::Value;
pub use service::{Denied, Result, ServiceError};
pub use store::StoreError;

/// The message that a client gets instead of that of an [`Code::Unavailable`] error, whose cause is only logged.
pub const UNAVAILABLE: &str = "a database is unavailable; try again";
/// The message that a client gets instead of that of an [`Code::Internal`] error, whose cause is only logged.
pub const INTERNAL: &str = "an internal error occurred";

/// The codes that a client can receive, in `extensions.code`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    Unauthenticated,
    Forbidden,
    NotFound,
    BadUserInput,
    Conflict,
    LimitExceeded,
    RateLimited,
    UpstreamFailed,
    Unavailable,
    Internal,
}

impl Code {
    /// The text in `extensions.code`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::Conflict => "CONFLICT",
            Self::LimitExceeded => "LIMIT_EXCEEDED",
            Self::RateLimited => "RATE_LIMITED",
            Self::UpstreamFailed => "UPSTREAM_FAILED",
            Self::Unavailable => "UNAVAILABLE",
            Self::Internal => "INTERNAL",
        }
    }
}

/// An error with a code. Transports present only such errors, so an error without a code does not compile there.
pub trait Coded: std::error::Error + Send + Sync + 'static {
    /// The code that the client receives.
    fn code(&self) -> Code;

    /// The invalid fields, for `BadUserInput`.
    fn problems(&self) -> &[Problem] {
        &[]
    }

    /// Additional entries of `extensions`, such as the id of the object that causes a conflict.
    fn extensions(&self) -> Vec<(&'static str, Value)> {
        Vec::new()
    }
}

/// Loaders share one error between all fields of a batch.
impl<E: Coded> Coded for std::sync::Arc<E> {
    fn code(&self) -> Code {
        (**self).code()
    }

    fn problems(&self) -> &[Problem] {
        (**self).problems()
    }

    fn extensions(&self) -> Vec<(&'static str, Value)> {
        (**self).extensions()
    }
}
