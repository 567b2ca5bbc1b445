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

/// A database of PostgreSQL. Each statement runs on a connection of the pool.
#[derive(Clone)]
pub struct Postgres(Pool);

/// How often PostgreSQL checks, in milliseconds, whether the client of a running statement is still connected. A
/// connection is closed when its statement was abandoned, and the statement ends then.
const ABANDONED: (&str, &str) = ("client_connection_check_interval", "2000");

/// How a [`Postgres`] connects.
pub struct PostgresConfig<'a> {
    pub url: &'a SecretString,
    /// Maximum number of connections.
    pub connections: u32,
    /// Time that a statement waits for a connection.
    pub acquire_timeout: Duration,
    /// Settings of the sessions.
    pub settings: &'a [(&'a str, &'a str)],
}

impl Postgres {
    /// Connections open when they are needed.
    ///
    /// # Errors
    /// If the URL is malformed.
    pub fn new(config: &PostgresConfig<'_>) -> Result<Self, StoreError> {
        let options =
            connect::options(config.url)?.options([ABANDONED]).options(config.settings.iter().copied());
        Ok(Self(Pool::new(options, config.connections, config.acquire_timeout)?))
    }

    /// Opens a connection, if none is open.
    ///
    /// # Errors
    /// If PostgreSQL does not accept it.
    pub(crate) async fn connect(&self) -> Result<(), StoreError> {
        Ok(self.0.get().await.map(drop)?)
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub async fn begin(&self) -> Result<Transaction, DbErr> {
        Transaction::begin(self.lease().await?).await
    }

    async fn lease(&self) -> Result<Lease, DbErr> {
        Ok(Lease::new(self.0.get().await?))
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
