//! Whether each database answers.

use std::time::{Duration, Instant};

use futures::future::join_all;
use sea_orm::ConnectionTrait as _;
use triptych_stores::{connections::ping_redis, error::StoreError};

use crate::Services;

/// How long a database may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// How one database is.
#[derive(Debug, Clone)]
pub struct StoreHealth {
    /// `postgres`, `mongo`, `redis.queue`, `redis.cache` or `redis.stream`.
    pub store: &'static str,
    /// Whether it answered in time. Why not is in the log.
    pub up: bool,
    pub latency: Duration,
}

impl Services {
    /// Asks every database for a sign of life, all at once, for a second at most.
    pub async fn health(&self) -> Vec<StoreHealth> {
        use futures::FutureExt as _;
        join_all([
            watched("postgres", self.ping_postgres()).boxed(),
            watched("mongo", self.ping_mongo()).boxed(),
            watched("redis.queue", ping_redis(self.stores.queue.clone())).boxed(),
            watched("redis.cache", ping_redis(self.stores.cache.clone())).boxed(),
            watched("redis.stream", self.live.ping()).boxed(),
        ])
        .await
    }

    async fn ping_postgres(&self) -> Result<(), StoreError> {
        self.stores.pg.execute_unprepared("SELECT 1").await?;
        Ok(())
    }

    async fn ping_mongo(&self) -> Result<(), StoreError> {
        self.stores.mongo.run_command(mongodb::bson::doc! { "ping": 1 }).await?;
        Ok(())
    }
}

async fn watched(store: &'static str, ping: impl Future<Output = Result<(), StoreError>>) -> StoreHealth {
    let begun = Instant::now();
    let answer = tokio::time::timeout(PATIENCE, ping).await;
    let up = match answer {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::warn!(store, %error, "a database is away");
            false
        }
        Err(_) => {
            tracing::warn!(store, "a database does not answer in time");
            false
        }
    };
    StoreHealth { store, up, latency: begun.elapsed() }
}
