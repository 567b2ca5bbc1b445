//! The connections to the three databases.

use std::{sync::Arc, time::Duration};

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    collections::UniqueRules,
    error::StoreError,
    postgres::{Postgres, PostgresConfig},
    tls,
};

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
    /// Time that the live stream of a subject is kept after its end.
    pub finished_stream_ttl: Duration,
}

/// Open connections, shared by all services.
#[derive(Clone)]
pub struct Stores {
    pub pg: Postgres,
    /// The same database over connections with `synchronous_commit = off`, for changes that a crash may lose.
    pub relaxed: Postgres,
    pub mongo: mongodb::Database,
    /// The unique indexes of MongoDB, which inserts wait for.
    pub unique: UniqueRules,
    pub cache: ConnectionManager,
    pub queue: ConnectionManager,
    pub prefix: Arc<str>,
}

/// Size of the pool of [`Stores::relaxed`].
const RELAXED_CONNECTIONS: u32 = 4;
/// Time that a request waits for MongoDB's primary, unless the URL says otherwise.
const SELECTION_TIMEOUT: Duration = Duration::from_secs(10);

impl Stores {
    /// Connects to all databases. MongoDB connects at the first request.
    ///
    /// # Errors
    /// The first database that does not answer.
    pub async fn connect(config: &StoreConfig) -> Result<Self, StoreError> {
        tls::install();
        let (pg, relaxed) = (postgres(config)?, relaxed_postgres(config)?);
        pg.connect().await?;
        relaxed.connect().await?;
        let open =
            async |url: &SecretString| redis_connection(&redis::Client::open(url.expose_secret())?).await;
        let mongo = mongo_database(config).await?;
        Ok(Self {
            pg,
            relaxed,
            unique: UniqueRules::new(mongo.clone()),
            mongo,
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
        let open = |url: &SecretString| {
            let client = redis::Client::open(url.expose_secret()).unwrap();
            ConnectionManager::new_lazy_with_config(client, redis_options()).unwrap()
        };
        let mongo = mongo_database(config).await.unwrap();
        let stores = Self {
            pg: postgres(config).unwrap(),
            relaxed: relaxed_postgres(config).unwrap(),
            unique: UniqueRules::new(mongo.clone()),
            mongo,
            cache: open(&config.redis_cache_url),
            queue: open(&config.redis_queue_url),
            prefix: config.redis_prefix.as_str().into(),
        };
        (stores, open(&config.redis_stream_url))
    }
}

fn postgres(config: &StoreConfig) -> Result<Postgres, StoreError> {
    Postgres::new(&PostgresConfig {
        url: &config.postgres_url,
        connections: config.postgres_connections,
        acquire_timeout: config.postgres_acquire_timeout,
        settings: &[],
    })
}

fn relaxed_postgres(config: &StoreConfig) -> Result<Postgres, StoreError> {
    Postgres::new(&PostgresConfig {
        url: &config.postgres_url,
        connections: RELAXED_CONNECTIONS,
        acquire_timeout: config.postgres_acquire_timeout,
        settings: &[("synchronous_commit", "off")],
    })
}

async fn mongo_database(config: &StoreConfig) -> Result<mongodb::Database, StoreError> {
    let mut options = mongodb::options::ClientOptions::parse(config.mongo_url.expose_secret()).await?;
    options.server_selection_timeout.get_or_insert(SELECTION_TIMEOUT);
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
