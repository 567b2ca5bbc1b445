//! Checks the databases: reachability, latency, version and clock.
//!
//! [`ready`] uses the connections of the process, for the readiness probe. [`inspect`] opens separate connections, so that
//! an operator sees why the process cannot connect.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use mongodb::bson::doc;
use redis::{AsyncConnectionConfig, aio::ConnectionManager};
use sea_orm::{ConnectionTrait as _, DbErr, RuntimeErr, sqlx};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    clock::Clock,
    connections::{StoreConfig, Stores},
    error::StoreError,
    live::Live,
    postgres::{connect_postgres, postgres_error},
};

/// Time limit of one answer to [`ready`].
const READY_LIMIT: Duration = Duration::from_secs(1);
/// Time limit of all requests of [`inspect`] to one database.
const INSPECT_LIMIT: Duration = Duration::from_secs(5);
/// Shorter than [`INSPECT_LIMIT`], so that the driver's own error, which is more precise than a timeout, arrives first.
const CONNECT_LIMIT: Duration = Duration::from_millis(4_500);

/// A database that the process uses. Redis has one entry for each purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store {
    Postgres,
    Mongo,
    RedisQueue,
    RedisCache,
    RedisStream,
}

impl Store {
    /// The identifier in logs and in the answer of the readiness probe.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Mongo => "mongo",
            Self::RedisQueue => "redis.queue",
            Self::RedisCache => "redis.cache",
            Self::RedisStream => "redis.stream",
        }
    }

    /// The name in messages.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Mongo => "MongoDB",
            Self::RedisQueue => "Redis (queue)",
            Self::RedisCache => "Redis (cache)",
            Self::RedisStream => "Redis (stream)",
        }
    }
}

/// The state of one database.
#[derive(Debug)]
pub struct Health<T> {
    pub store: Store,
    /// The result, or the reason why there is none. A reason is for operators, not for clients.
    pub answer: Result<T, String>,
    /// From the request to the response, including connecting.
    pub took: Duration,
}

/// The properties of a reachable database.
#[derive(Debug)]
pub struct Vitals {
    pub version: String,
    /// One round trip.
    pub latency: Duration,
    /// Milliseconds by which its clock is ahead of the clock of this process.
    pub clock_offset_ms: i64,
}

/// Pings every database at once, each for one second at most. The reasons of failures are logged.
pub async fn ready(stores: &Stores, live: &Live) -> [Health<()>; 5] {
    ping_all(stores, live.connection()).await
}

async fn ping_all(stores: &Stores, stream: ConnectionManager) -> [Health<()>; 5] {
    let all = tokio::join!(
        within(READY_LIMIT, Store::Postgres, async {
            stores.pg.execute_unprepared("SELECT 1").await?;
            Ok(())
        }),
        within(READY_LIMIT, Store::Mongo, async {
            stores.mongo.run_command(doc! { "ping": 1 }).await?;
            Ok(())
        }),
        within(READY_LIMIT, Store::RedisQueue, ping_redis(stores.queue.clone())),
        within(READY_LIMIT, Store::RedisCache, ping_redis(stores.cache.clone())),
        within(READY_LIMIT, Store::RedisStream, ping_redis(stream)),
    );
    let all = <[_; 5]>::from(all);
    for health in &all {
        if let Err(error) = &health.answer {
            tracing::warn!(store = health.store.key(), error, "database unavailable");
        }
    }
    all
}

/// Connects to all databases concurrently, and reads their versions and clocks. Ends within five seconds.
pub async fn inspect(config: &StoreConfig) -> [Health<Vitals>; 5] {
    tokio::join!(
        within(INSPECT_LIMIT, Store::Postgres, inspect_postgres(&config.postgres_url)),
        within(INSPECT_LIMIT, Store::Mongo, inspect_mongo(config)),
        within(INSPECT_LIMIT, Store::RedisQueue, inspect_redis(&config.redis_queue_url)),
        within(INSPECT_LIMIT, Store::RedisCache, inspect_redis(&config.redis_cache_url)),
        within(INSPECT_LIMIT, Store::RedisStream, inspect_redis(&config.redis_stream_url)),
    )
    .into()
}

async fn within<T>(
    limit: Duration,
    store: Store,
    question: impl Future<Output = Result<T, StoreError>>,
) -> Health<T> {
    let asked = Instant::now();
    let answer = match tokio::time::timeout(limit, question).await {
        Ok(answer) => answer.map_err(|error| reason(&error)),
        Err(_) => Err(format!("no answer within {} s", limit.as_secs())),
    };
    Health { store, answer, took: asked.elapsed() }
}

/// The driver's message in one line, without the name of the database and the classes of the libraries above the driver.
fn reason(error: &StoreError) -> String {
    let message = match error {
        StoreError::Postgres(DbErr::Conn(RuntimeErr::SqlxError(error))) => match error.as_ref() {
            sqlx::Error::Io(error) => error.to_string(),
            other => other.to_string(),
        },
        StoreError::Postgres(error) => error.to_string(),
        StoreError::Mongo(error) => error.kind.to_string(),
        StoreError::Redis(error) => error.to_string(),
        other => other.to_string(),
    };
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

async fn ping_redis(mut connection: ConnectionManager) -> Result<(), StoreError> {
    redis::cmd("PING").exec_async(&mut connection).await?;
    Ok(())
}

async fn inspect_postgres(url: &SecretString) -> Result<Vitals, StoreError> {
    let mut connection = connect_postgres(url).await?;
    let version =
        sqlx::query_scalar("SHOW server_version").fetch_one(&mut connection).await.map_err(postgres_error)?;
    vitals(version, async {
        sqlx::query_scalar("SELECT clock_timestamp()")
            .fetch_one(&mut connection)
            .await
            .map_err(postgres_error)
    })
    .await
}

async fn inspect_mongo(config: &StoreConfig) -> Result<Vitals, StoreError> {
    let mut options = mongodb::options::ClientOptions::parse(config.mongo_url.expose_secret()).await?;
    options.server_selection_timeout = Some(CONNECT_LIMIT);
    let db = mongodb::Client::with_options(options)?.database(&config.mongo_database);
    let info = db.run_command(doc! { "buildInfo": 1 }).await?;
    let version = info.get_str("version").unwrap_or("?").to_owned();
    vitals(version, async {
        let hello = db.run_command(doc! { "hello": 1 }).await?;
        let now = hello.get_datetime("localTime").map_err(|error| StoreError::Corrupt(error.to_string()))?;
        Ok(triptych_entities::documents::from_bson(*now))
    })
    .await
}

/// Without the connection manager, which would try again for longer than the time limit.
async fn inspect_redis(url: &SecretString) -> Result<Vitals, StoreError> {
    let options = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_LIMIT))
        .set_response_timeout(Some(CONNECT_LIMIT));
    let mut connection = redis::Client::open(url.expose_secret())?
        .get_multiplexed_async_connection_with_config(&options)
        .await?;
    let info: String = redis::cmd("INFO").arg("server").query_async(&mut connection).await?;
    let version = info.lines().find_map(|line| line.strip_prefix("redis_version:")).unwrap_or("?");
    vitals(version.trim().to_owned(), async {
        let (seconds, micros): (i64, u32) = redis::cmd("TIME").query_async(&mut connection).await?;
        DateTime::from_timestamp(seconds, micros * 1000).ok_or_else(|| StoreError::Corrupt("TIME".to_owned()))
    })
    .await
}

/// Measures the round trip of a query for the time. The result is compared with the middle of the round trip.
async fn vitals(
    version: String,
    clock: impl Future<Output = Result<DateTime<Utc>, StoreError>>,
) -> Result<Vitals, StoreError> {
    let (before, asked) = (Clock::system().now(), Instant::now());
    let theirs = clock.await?;
    let latency = asked.elapsed();
    let offset = theirs - (before + latency / 2);
    Ok(Vitals { version, latency, clock_offset_ms: offset.num_milliseconds() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A configuration with the URLs of ports on which no database listens.
    fn nowhere() -> StoreConfig {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let redis = SecretString::from(format!("redis://127.0.0.1:{port}"));
        StoreConfig {
            postgres_url: format!("postgres://triptych@127.0.0.1:{port}/triptych").into(),
            postgres_connections: 1,
            postgres_acquire_timeout: Duration::from_secs(5),
            postgres_statement_timeout: Duration::from_secs(30),
            postgres_lock_timeout: Duration::from_secs(10),
            mongo_url: format!("mongodb://127.0.0.1:{port}/?directConnection=true").into(),
            mongo_database: "triptych".to_owned(),
            redis_queue_url: redis.clone(),
            redis_cache_url: redis.clone(),
            redis_stream_url: redis,
            redis_prefix: "triptych".to_owned(),
            finished_stream_ttl: Duration::from_mins(5),
        }
    }

    #[tokio::test]
    async fn inspection_reports_why_a_database_is_unreachable() {
        let begun = Instant::now();
        for Health { store, answer, .. } in inspect(&nowhere()).await {
            let reason = answer.unwrap_err().to_lowercase();
            assert!(reason.contains("refused"), "{}: {reason}", store.key());
        }
        assert!(begun.elapsed() < Duration::from_secs(6), "took {:?}", begun.elapsed());
    }

    #[tokio::test]
    async fn readiness_reports_every_unreachable_database_within_its_limit() {
        let config = nowhere();
        let (stores, stream) = Stores::unconnected(&config).await;
        let begun = Instant::now();
        for Health { store, answer, .. } in ping_all(&stores, stream).await {
            assert!(answer.is_err(), "{} answered", store.key());
        }
        assert!(begun.elapsed() < Duration::from_secs(3), "took {:?}", begun.elapsed());
    }
}
