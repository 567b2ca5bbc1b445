//! Access to PostgreSQL: statements on pooled connections, and transactions.

mod connect;
mod leadership;
mod lease;
mod pool;
mod transaction;

use std::{sync::Arc, time::Duration};

use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement, sqlx};
use secrecy::SecretString;

use self::{lease::Lease, pool::Pool};
use crate::error::StoreError;

pub(crate) use self::connect::connect_postgres;
pub use self::{
    connect::await_postgres,
    leadership::{Leadership, Task},
    transaction::Transaction,
};

/// A database of PostgreSQL. Each statement runs on a connection of the pool, and has a time limit.
#[derive(Clone)]
pub struct Postgres {
    pool: Pool,
    limit: Duration,
}

/// How often PostgreSQL checks, in milliseconds, whether the client of a running statement is still connected. A
/// connection is closed when its statement was abandoned, and the statement ends then.
const ABANDONED: (&str, &str) = ("client_connection_check_interval", "2000");
/// TCP keep-alive of PostgreSQL, in seconds: a client whose machine is gone holds its locks for a minute at most.
const KEEP_ALIVE: [(&str, &str); 3] =
    [("tcp_keepalives_idle", "30"), ("tcp_keepalives_interval", "10"), ("tcp_keepalives_count", "3")];
/// Time by which the limit of a statement in this process exceeds that in PostgreSQL, whose error is more precise.
const MARGIN: Duration = Duration::from_secs(2);

/// How a [`Postgres`] connects.
pub struct PostgresConfig<'a> {
    pub url: &'a SecretString,
    /// Maximum number of connections.
    pub connections: u32,
    /// Time that a statement waits for a connection.
    pub acquire_timeout: Duration,
    /// Time limit of a statement, and of a transaction that sends none.
    pub statement_timeout: Duration,
    /// Time that a statement waits for locks.
    pub lock_timeout: Duration,
    /// Settings of the sessions.
    pub settings: &'a [(&'a str, &'a str)],
}

impl Postgres {
    /// Connections open when they are needed.
    ///
    /// # Errors
    /// If the URL is malformed.
    pub fn new(config: &PostgresConfig<'_>) -> Result<Self, StoreError> {
        let millis = |time: Duration| time.as_millis().to_string();
        let options = connect::options(config.url)?
            .options([ABANDONED])
            .options(KEEP_ALIVE)
            .options([
                ("statement_timeout", millis(config.statement_timeout)),
                ("idle_in_transaction_session_timeout", millis(config.statement_timeout)),
                ("lock_timeout", millis(config.lock_timeout)),
            ])
            .options(config.settings.iter().copied());
        let pool = Pool::new(options, config.connections, config.acquire_timeout)?;
        Ok(Self { pool, limit: config.statement_timeout + MARGIN })
    }

    /// The same database, with a time limit for each statement that is not longer than this.
    #[must_use]
    pub fn within(&self, limit: Duration) -> Self {
        Self { limit: self.limit.min(limit), ..self.clone() }
    }

    /// Begins a transaction for maintenance, whose statements have this time limit of their own, however long it is.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub async fn begin_maintenance(&self, limit: Duration) -> Result<Transaction, DbErr> {
        let lease = Lease::new(self.pool.get().await?, limit + MARGIN);
        let tx = Transaction::begin(lease).await?;
        let millis = limit.as_millis();
        tx.execute_unprepared(&format!("SET LOCAL statement_timeout = {millis}")).await?;
        Ok(tx)
    }

    /// Opens a connection, if none is open.
    ///
    /// # Errors
    /// If PostgreSQL does not accept it.
    pub(crate) async fn connect(&self) -> Result<(), StoreError> {
        Ok(self.pool.get().await.map(drop)?)
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub async fn begin(&self) -> Result<Transaction, DbErr> {
        Transaction::begin(self.lease().await?).await
    }

    async fn lease(&self) -> Result<Lease, DbErr> {
        Ok(Lease::new(self.pool.get().await?, self.limit))
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Postgres {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.lease().await?.execute(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.lease().await?.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.lease().await?.query_one(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.lease().await?.query_all(statement).await
    }
}

/// An error of connecting.
fn connection_error(error: sqlx::Error) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error)))
}

pub(crate) fn postgres_error(error: sqlx::Error) -> StoreError {
    connection_error(error).into()
}
