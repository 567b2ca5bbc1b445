//! The one shape of errors: whose fault it is, which code the client sees, and which fields of its input are wrong.

mod invalid;
mod service;
mod store;

pub use invalid::{Invalid, Problem};
use serde_json::Value;
pub use service::{Denied, Result, ServiceError};
pub use store::StoreError;

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
    /// As it stands in `extensions.code`.
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

/// An error that says how it is presented. Transports present nothing else, so an error without a code does not
/// compile there.
pub trait Coded: std::error::Error + Send + Sync + 'static {
    fn code(&self) -> Code;

    /// The wrong fields, for `BadUserInput`.
    fn problems(&self) -> &[Problem] {
        &[]
    }

    /// Further facts that the client can act on, such as the id of what is in the way.
    fn extensions(&self) -> Vec<(&'static str, Value)> {
        Vec::new()
    }
}

/// What loaders share between the fields that asked together.
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
