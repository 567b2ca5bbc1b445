//! Where the databases are: configured, or started privately, one by one.

use std::time::Duration;

use triptych_services::connections::StoreConfig;

use super::AppError;
use crate::config::Config;
use triptych_embedded::{EngineOptions, Engines};

/// The databases of this process.
pub struct Databases {
    engines: Option<Engines>,
    postgres: String,
    mongo: String,
    redis: RedisUrls,
    private_postgres: bool,
    all_private: bool,
}

struct RedisUrls {
    queue: String,
    cache: String,
    stream: String,
}

impl Databases {
    /// Starts what is not configured.
    ///
    /// # Errors
    /// Which engine did not start, and why.
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
        // What is neither configured nor started cannot be: `options` covers each.
        let started = |url: fn(&Engines) -> &Option<String>| {
            engines.as_ref().and_then(|engines| url(engines).clone()).unwrap_or_default()
        };
        let configured = |url: Option<&crate::config::DatabaseUrl>| url.map(|url| url.expose().to_owned());
        let redis = |url| configured(url).unwrap_or_else(|| started(|engines| &engines.redis_url));
        Ok(Self {
            postgres: configured(config.postgres.url.as_ref())
                .unwrap_or_else(|| started(|engines| &engines.postgres_url)),
            mongo: configured(config.mongo.url.as_ref())
                .unwrap_or_else(|| started(|engines| &engines.mongo_url)),
            redis: RedisUrls {
                queue: redis(config.redis.queue()),
                cache: redis(config.redis.cache()),
                stream: redis(config.redis.stream()),
            },
            private_postgres: options.postgres,
            all_private: options.postgres && options.mongo && options.redis,
            engines,
        })
    }

    pub(crate) fn postgres_url(&self) -> &str {
        &self.postgres
    }

    pub(crate) fn private_postgres(&self) -> bool {
        self.private_postgres
    }

    /// Whether nobody else can use these databases, as a lock on their folder keeps others out.
    pub(crate) fn all_private(&self) -> bool {
        self.all_private
    }

    pub(crate) fn store_config(&self, config: &Config) -> StoreConfig {
        StoreConfig {
            postgres_url: self.postgres.clone().into(),
            postgres_connections: config.postgres.max_connections,
            postgres_acquire_timeout: Duration::from_millis(config.postgres.acquire_timeout_ms),
            mongo_url: self.mongo.clone().into(),
            mongo_database: config.mongo.database.clone(),
            redis_queue_url: self.redis.queue.clone().into(),
            redis_cache_url: self.redis.cache.clone().into(),
            redis_stream_url: self.redis.stream.clone().into(),
            redis_prefix: config.redis.prefix.clone(),
        }
    }

    /// Stops what was started.
    pub async fn close(self) {
        if let Some(engines) = self.engines {
            engines.stop().await;
        }
    }
}
