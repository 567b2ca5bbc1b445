//! The connections to the three databases.

use std::{sync::Arc, time::Duration};

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use sea_orm::{ConnectOptions, Database, DatabaseConnection};
use secrecy::{ExposeSecret as _, SecretString};

use crate::error::StoreError;

/// Where the databases are.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    pub postgres_url: SecretString,
    pub postgres_connections: u32,
    /// How long a request waits for a connection to PostgreSQL.
    pub postgres_acquire_timeout: Duration,
    pub mongo_url: SecretString,
    pub mongo_database: String,
    pub redis_queue_url: SecretString,
    pub redis_cache_url: SecretString,
    pub redis_stream_url: SecretString,
    /// The first part of every key in Redis, so that deployments can share a server.
    pub redis_prefix: String,
}

/// Open connections, shared by all services.
#[derive(Clone)]
pub struct Stores {
    pub pg: DatabaseConnection,
    /// The same database over connections that commit without waiting for the disk: for what a crash may forget.
    pub relaxed: DatabaseConnection,
    pub mongo: mongodb::Database,
    pub cache: ConnectionManager,
    pub queue: ConnectionManager,
    pub prefix: Arc<str>,
}

const RELAXED_CONNECTIONS: u32 = 4;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a request waits for MongoDB's primary.
const SELECTION_TIMEOUT: Duration = Duration::from_secs(10);

impl Stores {
    /// Connects to all of them.
    ///
    /// # Errors
    /// The first database that does not answer.
    pub async fn connect(config: &StoreConfig) -> Result<Self, StoreError> {
        let mut options = ConnectOptions::new(config.postgres_url.expose_secret());
        options
            .max_connections(config.postgres_connections)
            .acquire_timeout(config.postgres_acquire_timeout)
            .connect_timeout(CONNECT_TIMEOUT)
            .sqlx_logging(false);
        let pg = Database::connect(options.clone()).await?;
        options
            .max_connections(RELAXED_CONNECTIONS)
            .map_sqlx_postgres_opts(|options| options.options([("synchronous_commit", "off")]));
        let relaxed = Database::connect(options).await?;
        let mut mongo = mongodb::options::ClientOptions::parse(config.mongo_url.expose_secret()).await?;
        mongo.server_selection_timeout = Some(SELECTION_TIMEOUT);
        let mongo = mongodb::Client::with_options(mongo)?.database(&config.mongo_database);
        let open =
            async |url: &SecretString| redis_connection(&redis::Client::open(url.expose_secret())?).await;
        Ok(Self {
            pg,
            relaxed,
            mongo,
            cache: open(&config.redis_cache_url).await?,
            queue: open(&config.redis_queue_url).await?,
            prefix: config.redis_prefix.as_str().into(),
        })
    }

    pub fn key(&self, rest: &str) -> String {
        format!("{}:{rest}", self.prefix)
    }
}

/// A connection that comes back by itself and never waits for ever.
pub async fn redis_connection(client: &redis::Client) -> Result<ConnectionManager, StoreError> {
    let config = ConnectionManagerConfig::new()
        .set_number_of_retries(6)
        .set_connection_timeout(Some(Duration::from_secs(5)))
        .set_response_timeout(Some(Duration::from_secs(5)));
    Ok(ConnectionManager::new_with_config(client.clone(), config).await?)
}

/// Checks that a Redis server answers.
///
/// # Errors
/// If it does not.
pub async fn ping_redis(mut connection: ConnectionManager) -> Result<(), StoreError> {
    redis::cmd("PING").exec_async(&mut connection).await?;
    Ok(())
}
