//! How each database is: whether it answers, what it is, how fast, and what time it has.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use mongodb::bson::doc;
use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DbBackend, Statement};
use secrecy::ExposeSecret as _;
use triptych_stores::{
    connections::{StoreConfig, redis_connection},
    error::StoreError,
    mint::Mint,
};

/// Longer than this, and it does not answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// A database and how it is.
pub struct Checkup {
    pub store: &'static str,
    /// A sentence when it does not answer.
    pub outcome: Result<Vitals, String>,
}

/// What a database says of itself.
pub struct Vitals {
    pub version: String,
    /// Milliseconds of one round trip.
    pub latency_ms: f64,
    /// Milliseconds that its clock is ahead of ours.
    pub clock_offset_ms: i64,
}

/// Looks at every database there is to use. One that is away does not keep the others from being looked at.
pub async fn checkup(config: &StoreConfig) -> Vec<Checkup> {
    let (postgres, mongo, queue, cache, stream) = tokio::join!(
        in_time(postgres(config.postgres_url.expose_secret())),
        in_time(mongo(config)),
        in_time(redis(config.redis_queue_url.expose_secret())),
        in_time(redis(config.redis_cache_url.expose_secret())),
        in_time(redis(config.redis_stream_url.expose_secret())),
    );
    vec![
        Checkup { store: "PostgreSQL", outcome: postgres },
        Checkup { store: "MongoDB", outcome: mongo },
        Checkup { store: "Redis (queue)", outcome: queue },
        Checkup { store: "Redis (cache)", outcome: cache },
        Checkup { store: "Redis (stream)", outcome: stream },
    ]
}

async fn in_time(look: impl Future<Output = Result<Vitals, StoreError>>) -> Result<Vitals, String> {
    match tokio::time::timeout(PATIENCE, look).await {
        Ok(vitals) => vitals.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    }
}

/// The round trip of a call, and how far the time it tells is ahead of the middle of that trip.
async fn timed(
    version: String,
    ask: impl Future<Output = Result<DateTime<Utc>, StoreError>>,
) -> Result<Vitals, StoreError> {
    let (before, began) = (Mint::system().now(), Instant::now());
    let theirs = ask.await?;
    let took = began.elapsed();
    let offset = theirs - (before + took / 2);
    Ok(Vitals {
        version,
        latency_ms: took.as_secs_f64() * 1000.0,
        clock_offset_ms: offset.num_milliseconds(),
    })
}

async fn postgres(url: &str) -> Result<Vitals, StoreError> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).connect_timeout(PATIENCE).sqlx_logging(false);
    let db = Database::connect(options).await?;
    let ask = async |sql: &str| {
        let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
        row.ok_or_else(|| StoreError::Corrupt("no row".to_owned()))
    };
    let version: String = ask("SHOW server_version").await?.try_get_by_index(0)?;
    timed(version, async { Ok(ask("SELECT clock_timestamp()").await?.try_get_by_index(0)?) }).await
}

async fn mongo(config: &StoreConfig) -> Result<Vitals, StoreError> {
    let client = mongodb::Client::with_uri_str(config.mongo_url.expose_secret()).await?;
    let db = client.database(&config.mongo_database);
    let info = db.run_command(doc! { "buildInfo": 1 }).await?;
    let version = info.get_str("version").unwrap_or("?").to_owned();
    timed(version, async {
        let hello = db.run_command(doc! { "hello": 1 }).await?;
        let now = hello.get_datetime("localTime").map_err(|error| StoreError::Corrupt(error.to_string()))?;
        Ok(triptych_entities::documents::from_bson(*now))
    })
    .await
}

async fn redis(url: &str) -> Result<Vitals, StoreError> {
    let mut connection = redis_connection(&redis::Client::open(url)?).await?;
    let info: String = redis::cmd("INFO").arg("server").query_async(&mut connection).await?;
    let version = info.lines().find_map(|line| line.strip_prefix("redis_version:")).unwrap_or("?");
    let version = version.trim().to_owned();
    timed(version, async {
        let (seconds, micros): (i64, u32) = redis::cmd("TIME").query_async(&mut connection).await?;
        DateTime::from_timestamp(seconds, micros * 1000).ok_or_else(|| StoreError::Corrupt("TIME".to_owned()))
    })
    .await
}
