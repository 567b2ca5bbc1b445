//! What every domain's error has in common: whose fault it is, which code the client sees, and which fields of
//! its input are wrong.

use serde_json::Value;

/// The one list of codes that a client can meet.
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

/// One thing wrong with an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where, from the input's root: `steps.2.parameters.url`.
    pub path: String,
    /// What, and what to do.
    pub message: String,
}

impl Problem {
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}

/// An input that cannot be accepted, with every problem found in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", summary(.0))]
pub struct Invalid(pub Vec<Problem>);

impl Invalid {
    pub fn one(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self(vec![Problem::new(path, message)])
    }

    /// # Errors
    /// Itself, if there is any problem.
    pub fn check(problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self(problems)) }
    }
}

fn summary(problems: &[Problem]) -> String {
    match problems {
        [one] => format!("{}: {}", one.path, one.message),
        many => format!("{} problems with the input", many.len()),
    }
}

/// An action that the caller's role does not include.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("your role does not let you {action} this {subject}")]
pub struct Denied {
    pub action: &'static str,
    pub subject: &'static str,
}

/// Implemented by each domain's error.
pub trait Coded: std::error::Error + Send + Sync + 'static {
    fn code(&self) -> Code;

    /// The wrong fields, for `BadUserInput`.
    fn problems(&self) -> &[Problem] {
        &[]
    }

    /// Further facts that the client can act on, such as a cursor to go on from.
    fn extensions(&self) -> Vec<(&'static str, Value)> {
        Vec::new()
    }
}

impl Coded for Invalid {
    fn code(&self) -> Code {
        Code::BadUserInput
    }

    fn problems(&self) -> &[Problem] {
        &self.0
    }
}

impl Coded for Denied {
    fn code(&self) -> Code {
        Code::Forbidden
    }
}

/// A database did not do what it should: never the caller's fault.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("PostgreSQL: {0}")]
    Postgres(#[from] sea_orm::DbErr),
    #[error("MongoDB: {0}")]
    Mongo(#[from] Box<mongodb::error::Error>),
    #[error("Redis: {0}")]
    Redis(#[from] redis::RedisError),
    #[error("queue: {0}")]
    Queue(#[from] bullmq::Error),
    #[error("{0} did not answer in time")]
    Timeout(&'static str),
    #[error("a stored value cannot be read: {0}")]
    Corrupt(String),
}

impl From<mongodb::error::Error> for StoreError {
    fn from(error: mongodb::error::Error) -> Self {
        Self::Mongo(Box::new(error))
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Corrupt(error.to_string())
    }
}

impl Coded for StoreError {
    fn code(&self) -> Code {
        use mongodb::error::ErrorKind;
        let away = match self {
            Self::Postgres(error) => {
                matches!(error, sea_orm::DbErr::Conn(_) | sea_orm::DbErr::ConnectionAcquire(_))
            }
            Self::Mongo(error) => {
                matches!(*error.kind, ErrorKind::ServerSelection { .. } | ErrorKind::Io(_))
            }
            Self::Redis(error) => error.is_io_error() || error.is_timeout() || error.is_connection_dropped(),
            Self::Queue(_) | Self::Timeout(_) => true,
            Self::Corrupt(_) => false,
        };
        if away { Code::Unavailable } else { Code::Internal }
    }
}
