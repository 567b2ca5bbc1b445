//! The connections to the three databases.

use std::{str::FromStr as _, sync::Arc, time::Duration};

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DbErr, RuntimeErr,
    sqlx::{self, ConnectOptions as _, postgres::PgConnectOptions},
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::Instant;

use crate::{error::StoreError, tls};

/// Addresses of the databases, and how they are used.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    pub postgres_url: SecretString,
    /// Size of the connection pool.
    pub postgres_connections: u32,
    /// Time that a request waits for a connection of the pool.
    pub postgres_acquire_timeout: Duration,
    pub mongo_url: SecretString,
    pub mongo_database: String,
    pub redis_queue_url: SecretString,
    pub redis_cache_url: SecretString,
    pub redis_stream_url: SecretString,
    /// First part of every key in Redis, so that installations can share a server.
    pub redis_prefix: String,
}

/// Open connections, shared by all services.
#[derive(Clone)]
pub struct Stores {
    pub pg: DatabaseConnection,
    /// The same database over connections with `synchronous_commit = off`, for changes that a crash may lose.
    pub relaxed: DatabaseConnection,
    pub mongo: mongodb::Database,
    pub cache: ConnectionManager,
    pub queue: ConnectionManager,
    pub prefix: Arc<str>,
}

/// Size of the pool of [`Stores::relaxed`].
const RELAXED_CONNECTIONS: u32 = 4;
/// Time limit of connecting to PostgreSQL.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Time for which an idle connection is used without a test. It was tested when it returned to the pool, and each test
/// is a round trip. A statement on a connection that was lost meanwhile fails as unavailable.
const TRUSTED_FOR: Duration = Duration::from_secs(1);
/// Time that a request waits for MongoDB's primary.
const SELECTION_TIMEOUT: Duration = Duration::from_secs(10);
/// Pause between two attempts to connect to PostgreSQL.
const RETRY_DELAY: Duration = Duration::from_millis(200);

impl Stores {
    /// Connects to all databases. MongoDB connects at the first request.
    ///
    /// # Errors
    /// The first database that does not answer.
    pub async fn connect(config: &StoreConfig) -> Result<Self, StoreError> {
        tls::install();
        let options = postgres_options(config);
        let open =
            async |url: &SecretString| redis_connection(&redis::Client::open(url.expose_secret())?).await;
        Ok(Self {
            pg: Database::connect(options.clone()).await?,
            relaxed: Database::connect(relaxed(options)).await?,
            mongo: mongo_database(config).await?,
            cache: open(&config.redis_cache_url).await?,
            queue: open(&config.redis_queue_url).await?,
            prefix: config.redis_prefix.as_str().into(),
        })
    }

    /// A key of this installation in Redis.
    #[must_use]
    pub fn key(&self, rest: &str) -> String {
        format!("{}:{rest}", self.prefix)
    }

    /// Connections that are opened at their first use, and one for live streams.
    #[cfg(test)]
    pub(crate) async fn unconnected(config: &StoreConfig) -> (Self, ConnectionManager) {
        let mut options = postgres_options(config);
        options.connect_lazy(true);
        let open = |url: &SecretString| {
            let client = redis::Client::open(url.expose_secret()).unwrap();
            ConnectionManager::new_lazy_with_config(client, redis_options()).unwrap()
        };
        let stores = Self {
            pg: Database::connect(options.clone()).await.unwrap(),
            relaxed: Database::connect(relaxed(options)).await.unwrap(),
            mongo: mongo_database(config).await.unwrap(),
            cache: open(&config.redis_cache_url),
            queue: open(&config.redis_queue_url),
            prefix: config.redis_prefix.as_str().into(),
        };
        (stores, open(&config.redis_stream_url))
    }
}

fn postgres_options(config: &StoreConfig) -> ConnectOptions {
    let mut options = ConnectOptions::new(config.postgres_url.expose_secret());
    options
        .max_connections(config.postgres_connections)
        .acquire_timeout(config.postgres_acquire_timeout)
        .connect_timeout(CONNECT_TIMEOUT)
        .test_before_acquire_if_idle_for(TRUSTED_FOR)
        .sqlx_logging(false);
    options
}

fn relaxed(mut options: ConnectOptions) -> ConnectOptions {
    options
        .max_connections(RELAXED_CONNECTIONS)
        .map_sqlx_postgres_opts(|options| options.options([("synchronous_commit", "off")]));
    options
}

async fn mongo_database(config: &StoreConfig) -> Result<mongodb::Database, StoreError> {
    let mut options = mongodb::options::ClientOptions::parse(config.mongo_url.expose_secret()).await?;
    options.server_selection_timeout = Some(SELECTION_TIMEOUT);
    Ok(mongodb::Client::with_options(options)?.database(&config.mongo_database))
}

/// Opens a connection that reconnects by itself; every request on it has a time limit.
///
/// # Errors
/// If Redis does not answer.
pub async fn redis_connection(client: &redis::Client) -> Result<ConnectionManager, StoreError> {
    Ok(ConnectionManager::new_with_config(client.clone(), redis_options()).await?)
}

fn redis_options() -> ConnectionManagerConfig {
    ConnectionManagerConfig::new()
        .set_number_of_retries(6)
        .set_connection_timeout(Some(Duration::from_secs(5)))
        .set_response_timeout(Some(Duration::from_secs(5)))
}

/// Waits until PostgreSQL accepts a connection: for ten seconds while it is starting, and not at all when it refuses
/// the user or the database. Called before a pool is opened, because a pool retries without logging, and its error is
/// only a timeout.
///
/// # Errors
/// The reason why the last attempt failed.
pub async fn await_postgres(url: &SecretString) -> Result<(), StoreError> {
    await_postgres_within(url, CONNECT_TIMEOUT).await
}

async fn await_postgres_within(url: &SecretString, limit: Duration) -> Result<(), StoreError> {
    let deadline = Instant::now() + limit;
    let mut announced = false;
    loop {
        let attempt = tokio::time::timeout_at(deadline, connect_postgres(url)).await;
        let error = match attempt {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) => error,
            Err(_) => return Err(StoreError::Timeout("PostgreSQL")),
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

/// Opens one connection outside of any pool, whose errors keep their reason.
pub(crate) async fn connect_postgres(url: &SecretString) -> Result<sqlx::PgConnection, StoreError> {
    let options = PgConnectOptions::from_str(url.expose_secret()).map_err(postgres_error)?;
    options.disable_statement_logging().connect().await.map_err(postgres_error)
}

pub(crate) fn postgres_error(error: sqlx::Error) -> StoreError {
    DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error))).into()
}

/// Whether the server may accept connections soon.
fn is_starting(error: &StoreError) -> bool {
    let StoreError::Postgres(DbErr::Conn(RuntimeErr::SqlxError(error))) = error else { return false };
    match error.as_ref() {
        sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
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
        let error = await_postgres_within(&url, Duration::from_millis(500)).await.unwrap_err().to_string();
        assert!(error.contains("refused"), "{error}");
    }

    #[tokio::test]
    async fn a_malformed_url_is_refused_and_not_shown() {
        let url = "postgres://ann:s3cret@host:port/db".to_owned().into();
        let begun = Instant::now();
        let error = await_postgres(&url).await.unwrap_err().to_string();
        assert!(begun.elapsed() < Duration::from_secs(1) && !error.contains("s3cret"), "{error}");
    }
}
