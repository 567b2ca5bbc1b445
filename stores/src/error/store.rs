//! Errors of databases.

use sea_orm::{DbErr, RuntimeErr, sqlx};

use super::{Code, Coded};

/// A database failed or does not answer. Never caused by the input of the caller.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("PostgreSQL: {0}")]
    Postgres(#[from] DbErr),
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

/// Classes and codes of errors after which the same statement can succeed: of connections; a server that is stopping or
/// starting; a statement, a wait for a lock, or a transaction that exceeded its time limit.
const TEMPORARY: [&str; 5] = ["08", "57P0", "57014", "55P03", "25P03"];

/// Whether there is no connection to PostgreSQL, it was lost during a statement, or a time limit was exceeded.
fn is_unavailable(error: &DbErr) -> bool {
    match error {
        DbErr::Conn(_) | DbErr::ConnectionAcquire(_) => true,
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            match error.as_ref() {
                sqlx::Error::Io(_) => true,
                sqlx::Error::Database(error) => {
                    error.code().is_some_and(|code| TEMPORARY.iter().any(|of| code.starts_with(of)))
                }
                _ => false,
            }
        }
        _ => false,
    }
}

impl Coded for StoreError {
    fn code(&self) -> Code {
        use mongodb::error::ErrorKind;
        let unavailable = match self {
            Self::Postgres(error) => is_unavailable(error),
            Self::Mongo(error) => {
                matches!(*error.kind, ErrorKind::ServerSelection { .. } | ErrorKind::Io(_))
            }
            Self::Redis(error) => error.is_io_error() || error.is_timeout() || error.is_connection_dropped(),
            Self::Queue(_) | Self::Timeout(_) => true,
            Self::Corrupt(_) => false,
        };
        if unavailable { Code::Unavailable } else { Code::Internal }
    }
}
