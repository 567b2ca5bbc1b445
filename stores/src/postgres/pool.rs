//! The pool of connections. A connection returns to it without a task and without a round trip.
//!
//! The pool of the driver starts a task for each connection that returns, which tests the connection. A request with
//! five statements then costs ten round trips. Here a connection is settled on its return only if its statement was
//! cancelled or failed, or its transaction neither committed nor rolled back ([`super::lease`]).

use std::time::Duration;

use deadpool::{
    Runtime,
    managed::{
        self, Metrics, Object, PoolConfig, PoolError, QueueMode, RecycleError, RecycleResult, Timeouts,
    },
};
use sea_orm::{
    ConnAcquireErr, DbErr,
    sqlx::{self, Connection as _, PgConnection, postgres::PgConnectOptions},
};

use super::{connect::connect_within, connection_error};

/// A connection of the pool.
pub(super) type Pooled = Object<Manager>;

/// Time since its last use for which a connection is used again without a test. A statement on a connection that was
/// lost meanwhile fails as unavailable.
const TRUSTED_FOR: Duration = Duration::from_secs(1);
/// Age at which a connection is replaced, so that its process in PostgreSQL does not grow without limit.
const MAX_AGE: Duration = Duration::from_mins(30);
/// Time without use after which a connection is closed.
const MAX_IDLE: Duration = Duration::from_mins(10);
/// Interval of the search for connections without use.
const SWEEP_INTERVAL: Duration = Duration::from_mins(1);

/// Opens and tests the connections.
pub(super) struct Manager {
    options: PgConnectOptions,
    /// Time limit of connecting.
    limit: Duration,
}

impl managed::Manager for Manager {
    type Type = PgConnection;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<PgConnection, sqlx::Error> {
        connect_within(&self.options, self.limit).await
    }

    async fn recycle(&self, connection: &mut PgConnection, metrics: &Metrics) -> RecycleResult<sqlx::Error> {
        if metrics.age() > MAX_AGE {
            return Err(RecycleError::message("the connection is too old"));
        }
        if metrics.last_used() > TRUSTED_FOR {
            connection.ping().await?;
        }
        Ok(())
    }
}

/// A pool of connections with the same options.
#[derive(Clone)]
pub(super) struct Pool(managed::Pool<Manager>);

impl Pool {
    /// Creates a pool that opens connections when they are needed. `limit` is the time for which a statement waits for
    /// a connection.
    pub(super) fn new(options: PgConnectOptions, size: u32, limit: Duration) -> Result<Self, DbErr> {
        let config = PoolConfig {
            max_size: usize::try_from(size).unwrap_or(usize::MAX),
            timeouts: Timeouts { wait: Some(limit), create: None, recycle: Some(limit) },
            // The connection that was used last has its statements prepared; others become idle and are closed.
            queue_mode: QueueMode::Lifo,
        };
        let pool = managed::Pool::builder(Manager { options, limit })
            .config(config)
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| DbErr::Custom(error.to_string()))?;
        close_idle(&pool);
        Ok(Self(pool))
    }

    /// How its connections are opened.
    pub(super) fn options(&self) -> &PgConnectOptions {
        &self.0.manager().options
    }

    pub(super) async fn get(&self) -> Result<Pooled, DbErr> {
        self.0.get().await.map_err(|error| match error {
            PoolError::Backend(error) => connection_error(error),
            PoolError::Closed => DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed),
            _ => DbErr::ConnectionAcquire(ConnAcquireErr::Timeout),
        })
    }
}

/// Closes connections without use, until the pool is dropped.
fn close_idle(pool: &managed::Pool<Manager>) {
    let pool = pool.weak();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(SWEEP_INTERVAL).await;
            let Some(pool) = pool.upgrade() else { return };
            pool.retain(|_, metrics| metrics.last_used() < MAX_IDLE);
        }
    });
}
