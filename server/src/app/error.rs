//! Why the process could not start, and what to do about it.

use triptych_services::error::{Invalid, StoreError};

use triptych_embedded::EngineError;

#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error(transparent)]
    Engines(#[from] EngineError),
    #[error("migrating PostgreSQL failed: {0}")]
    Migration(#[from] triptych_migration::MigrationError),
    #[error("PostgreSQL has pending migrations; run `triptych migrate up`")]
    MigrationsPending,
    #[error("a database is not available: {0}")]
    Store(#[from] StoreError),
    #[error("secrets.master_key is not set; generate one with `openssl rand -base64 32` and back it up")]
    NoMasterKey,
    #[error("cannot read the master key of the private databases: {0}")]
    MasterKey(std::io::Error),
    #[error("invalid model providers: {0}")]
    Models(Invalid),
    #[error("cannot create the model clients: {0}")]
    ModelClient(triptych_engine::conversations::models::ModelError),
    #[error("cannot load the integrations: {0}")]
    Integrations(#[from] triptych_engine::automation::integrations::BadIntegration),
    #[error("cannot create the HTTP client of steps: {0}")]
    HttpClient(reqwest::Error),
    #[error("mail.from is no address: {0}")]
    MailSender(triptych_engine::mail::AddressError),
    #[error("cannot start the workers: {0}")]
    Workers(#[from] triptych_engine::workers::EngineError),
    #[error("cannot listen on {address}: {cause}; choose another address with --bind")]
    Listen { address: std::net::SocketAddr, cause: std::io::Error },
    #[error(
        "cannot listen on {address} for metrics and health: {cause}; choose another address with ops.bind"
    )]
    Ops { address: std::net::SocketAddr, cause: std::io::Error },
    #[error("network error: {0}")]
    Network(#[from] std::io::Error),
    #[error("creating the demo organization failed: {0}")]
    Demo(String),
}
