//! The connections to the three databases.

use std::{sync::Arc, time::Duration};

use redis::{
    IntoConnectionInfo as _,
    aio::{ConnectionManager, ConnectionManagerConfig},
    io::tcp::{TcpSettings, socket2::TcpKeepalive},
};
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
    /// Time limit of a statement.
    pub postgres_statement_timeout: Duration,
    /// Time that a statement waits for locks.
    pub postgres_lock_timeout: Duration,
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
    /// The same database for the work of queues and its upkeep, which is short and must not wait for a connection that
    /// does not answer.
    pub work: Postgres,
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
/// Time limit of a statement of [`Stores::work`].
const WORK_LIMIT: Duration = Duration::from_secs(10);
/// Time that a request waits for MongoDB's primary, unless the URL says otherwise.
const SELECTION_TIMEOUT: Duration = Duration::from_secs(10);
/// Time limit of connecting to MongoDB and to Redis.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// Time without data after which a connection to Redis is tested by TCP.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Time without acknowledgement of what was sent after which a connection to Redis is closed.
const SILENCE_LIMIT: Duration = Duration::from_secs(20);
/// Time limit of one request to Redis.
const RESPONSE_LIMIT: Duration = Duration::from_secs(5);

impl Stores {
    /// Connects to all databases. MongoDB connects at the first request.
    ///
    /// # Errors
    /// The first database that does not answer.
    pub async fn connect(config: &StoreConfig) -> Result<Self, StoreError> {
        tls::install();
        let (pg, relaxed) = (postgres(config)?, relaxed_postgres(config)?);
        let work = pg.within(WORK_LIMIT);
        pg.connect().await?;
        relaxed.connect().await?;
        let open = async |url: &SecretString| redis_connection(&redis_client(url.expose_secret())?).await;
        let mongo = mongo_database(config).await?;
        Ok(Self {
            pg,
            work,
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
            let client = redis_client(url.expose_secret()).unwrap();
            ConnectionManager::new_lazy_with_config(client, redis_options()).unwrap()
        };
        let mongo = mongo_database(config).await.unwrap();
        let stores = Self {
            pg: postgres(config).unwrap(),
            work: postgres(config).unwrap(),
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
    pool(config, config.postgres_connections, &[])
}

fn relaxed_postgres(config: &StoreConfig) -> Result<Postgres, StoreError> {
    Ok(pool(config, RELAXED_CONNECTIONS, &[("synchronous_commit", "off")])?.within(WORK_LIMIT))
}

fn pool(config: &StoreConfig, connections: u32, settings: &[(&str, &str)]) -> Result<Postgres, StoreError> {
    Postgres::new(&PostgresConfig {
        url: &config.postgres_url,
        connections,
        acquire_timeout: config.postgres_acquire_timeout,
        statement_timeout: config.postgres_statement_timeout,
        lock_timeout: config.postgres_lock_timeout,
        settings,
    })
}

async fn mongo_database(config: &StoreConfig) -> Result<mongodb::Database, StoreError> {
    let mut options = mongodb::options::ClientOptions::parse(config.mongo_url.expose_secret()).await?;
    options.server_selection_timeout.get_or_insert(SELECTION_TIMEOUT);
    options.connect_timeout.get_or_insert(CONNECT_LIMIT);
    Ok(mongodb::Client::with_options(options)?.database(&config.mongo_database))
}

/// A client of Redis whose connections notice that the other machine is gone.
///
/// # Errors
/// If the URL is malformed.
pub fn redis_client(url: &str) -> Result<redis::Client, StoreError> {
    let keep_alive = TcpKeepalive::new().with_time(KEEP_ALIVE).with_interval(KEEP_ALIVE / 3).with_retries(3);
    let settings =
        TcpSettings::default().set_nodelay(true).set_keepalive(keep_alive).set_user_timeout(SILENCE_LIMIT);
    Ok(redis::Client::open(url.into_connection_info()?.set_tcp_settings(settings))?)
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
        .set_connection_timeout(Some(CONNECT_LIMIT))
        .set_response_timeout(Some(RESPONSE_LIMIT))
}
