//! The databases of this process: configured ones, or private servers that it starts, chosen for each kind.

use std::{net::SocketAddr, time::Duration};

use secrecy::{ExposeSecret as _, SecretString};
use triptych_embedded::{EngineOptions, Engines};
use triptych_services::{connections::StoreConfig, postgres::await_postgres};

use super::{AppError, addresses};
use crate::config::{Config, DatabaseUrl};

/// The databases of this process.
pub struct Databases {
    engines: Option<Engines>,
    postgres: SecretString,
    mongo: SecretString,
    redis: RedisUrls,
    private_postgres: bool,
    all_private: bool,
}

struct RedisUrls {
    queue: SecretString,
    cache: SecretString,
    stream: SecretString,
}

impl Databases {
    /// Starts a private server of each kind that is not configured.
    ///
    /// # Errors
    /// The engine that did not start, and why.
    pub async fn open(config: &Config) -> Result<Self, AppError> {
        let options = EngineOptions {
            root: config.embedded.root.clone(),
            durable: true,
            postgres: config.postgres.url.is_none(),
            mongo: config.mongo.url.is_none(),
            redis: config.redis.queue().is_none(),
        };
        let any = options.postgres || options.mongo || options.redis;
        let engines = if any { Some(Engines::start(&options).await?) } else { None };
        // Every URL is either configured or that of a started engine, as `options` shows.
        let url = |configured: Option<&DatabaseUrl>, started: fn(&Engines) -> &Option<String>| {
            configured
                .map(|url| url.expose().to_owned())
                .or_else(|| engines.as_ref().and_then(|engines| started(engines).clone()))
                .map(SecretString::from)
                .unwrap_or_default()
        };
        Ok(Self {
            postgres: url(config.postgres.url.as_ref(), |engines| &engines.postgres_url),
            mongo: url(config.mongo.url.as_ref(), |engines| &engines.mongo_url),
            redis: RedisUrls {
                queue: url(config.redis.queue(), |engines| &engines.redis_url),
                cache: url(config.redis.cache(), |engines| &engines.redis_url),
                stream: url(config.redis.stream(), |engines| &engines.redis_url),
            },
            private_postgres: options.postgres,
            all_private: options.postgres && options.mongo && options.redis,
            engines,
        })
    }

    pub(crate) fn postgres_url(&self) -> &str {
        self.postgres.expose_secret()
    }

    /// Waits until PostgreSQL accepts connections.
    ///
    /// # Errors
    /// The reason why it does not.
    pub(crate) async fn await_postgres(&self) -> Result<(), AppError> {
        Ok(await_postgres(&self.postgres).await?)
    }

    pub(crate) fn private_postgres(&self) -> bool {
        self.private_postgres
    }

    /// Whether no other process can use these databases: a lock on their folder excludes others.
    pub(crate) fn all_private(&self) -> bool {
        self.all_private
    }

    pub(crate) fn store_config(&self, config: &Config) -> StoreConfig {
        StoreConfig {
            postgres_url: self.postgres.clone(),
            postgres_connections: config.postgres.max_connections,
            postgres_acquire_timeout: config.postgres.acquire_timeout(),
            postgres_statement_timeout: Duration::from_secs(config.postgres.statement_timeout_seconds),
            postgres_lock_timeout: Duration::from_secs(config.postgres.lock_timeout_seconds),
            mongo_url: self.mongo.clone(),
            mongo_database: config.mongo.database.clone(),
            redis_queue_url: self.redis.queue.clone(),
            redis_cache_url: self.redis.cache.clone(),
            redis_stream_url: self.redis.stream.clone(),
            redis_prefix: config.redis.prefix.clone(),
            finished_stream_ttl: config.redis.finished_stream_ttl(),
        }
    }

    /// The addresses that the URLs contain.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        let RedisUrls { queue, cache, stream } = &self.redis;
        let urls = [&self.postgres, &self.mongo, queue, cache, stream];
        urls.into_iter().flat_map(|url| addresses::of_database(url.expose_secret())).collect()
    }

    /// Stops the private servers.
    pub async fn close(self) {
        if let Some(engines) = self.engines {
            engines.stop().await;
        }
    }
}
