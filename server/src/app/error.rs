//! Why the process could not start, in words that say what to do.

use triptych_services::error::{Invalid, StoreError};

use triptych_embedded::EngineError;

#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error(transparent)]
    Engines(#[from] EngineError),
    #[error("the database's schema could not be brought up to date: {0}")]
    Migration(#[from] triptych_migration::MigrationError),
    #[error("the database's schema is not up to date; run `triptych migrate up`")]
    MigrationsPending,
    #[error("a database does not answer: {0}")]
    Store(#[from] StoreError),
    #[error("secrets.master_key is not set; make one with `openssl rand -base64 32` and keep it safe")]
    NoMasterKey,
    #[error("the key of the private databases: {0}")]
    MasterKey(std::io::Error),
    #[error("models: {0}")]
    Models(Invalid),
    #[error("models: {0}")]
    ModelClient(triptych_engine::conversations::models::ModelError),
    #[error("workers: {0}")]
    Workers(#[from] triptych_engine::workers::EngineError),
    #[error("cannot listen on {address}: {cause}; choose another with --bind")]
    Listen { address: std::net::SocketAddr, cause: std::io::Error },
    #[error("network: {0}")]
    Network(#[from] std::io::Error),
    #[error("the demo organization could not be made: {0}")]
    Demo(String),
}
