//! Errors of databases.

use super::{Code, Coded};

/// A database failed or does not answer. Never caused by the input of the caller.
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
        let unavailable = match self {
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
        if unavailable { Code::Unavailable } else { Code::Internal }
    }
}
