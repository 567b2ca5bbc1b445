//! Opens connections to PostgreSQL.

use std::{io, str::FromStr as _, time::Duration};

use sea_orm::sqlx::{self, ConnectOptions as _, PgConnection, postgres::PgConnectOptions};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::Instant;

use super::postgres_error;
use crate::error::StoreError;

/// Time for which the start of the process waits for PostgreSQL.
const START_LIMIT: Duration = Duration::from_secs(10);
/// Pause between two attempts to connect.
const RETRY_DELAY: Duration = Duration::from_millis(200);

/// Waits until PostgreSQL accepts a connection: for ten seconds while it is starting, and not at all when it refuses
/// the user or the database.
///
/// # Errors
/// The reason why the last attempt failed.
pub async fn await_postgres(url: &SecretString) -> Result<(), StoreError> {
    connect_within(&options(url)?, START_LIMIT).await.map(drop).map_err(postgres_error)
}

/// Opens one connection outside of any pool.
pub(crate) async fn connect_postgres(url: &SecretString) -> Result<PgConnection, StoreError> {
    options(url)?.connect().await.map_err(postgres_error)
}

/// Parses a URL.
pub(super) fn options(url: &SecretString) -> Result<PgConnectOptions, StoreError> {
    let options = PgConnectOptions::from_str(url.expose_secret()).map_err(postgres_error)?;
    Ok(options.disable_statement_logging())
}

/// Opens a connection, and repeats it for as long as PostgreSQL is starting.
pub(super) async fn connect_within(
    options: &PgConnectOptions,
    limit: Duration,
) -> Result<PgConnection, sqlx::Error> {
    let deadline = Instant::now() + limit;
    let mut announced = false;
    loop {
        let error = match tokio::time::timeout_at(deadline, options.connect()).await {
            Ok(Ok(connection)) => return Ok(connection),
            Ok(Err(error)) => error,
            Err(_) => {
                return Err(
                    io::Error::new(io::ErrorKind::TimedOut, "the server did not answer in time").into()
                );
            }
        };
        if !is_starting(&error) || Instant::now() + RETRY_DELAY >= deadline {
            return Err(error);
        }
        if !announced {
            tracing::warn!(%error, limit_seconds = limit.as_secs(), "PostgreSQL is not reachable yet, retrying");
            announced = true;
        }
        tokio::time::sleep(RETRY_DELAY).await;
    }
}

/// Whether the server may accept connections soon.
fn is_starting(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() == io::ErrorKind::ConnectionRefused,
        sqlx::Error::Database(error) => error.is_transient_in_connect_phase(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn waiting_for_postgres_ends_with_the_reason() {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = format!("postgres://triptych@127.0.0.1:{port}/triptych").into();
        let error = connect_within(&options(&url).unwrap(), Duration::from_millis(500)).await.unwrap_err();
        assert!(error.to_string().contains("refused"), "{error}");
    }

    #[tokio::test]
    async fn a_malformed_url_is_refused_and_not_shown() {
        let url = "postgres://ann:s3cret@host:port/db".to_owned().into();
        let begun = Instant::now();
        let error = await_postgres(&url).await.unwrap_err().to_string();
        assert!(begun.elapsed() < Duration::from_secs(1) && !error.contains("s3cret"), "{error}");
    }
}
