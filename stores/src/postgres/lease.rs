//! A connection that is in use.

use std::{io, sync::Arc, time::Duration};

use deadpool::managed::Object;
use sea_orm::{
    ConnAcquireErr, DbErr, ExecResult, QueryResult, RuntimeErr, Statement, Values,
    sqlx::{
        self, AssertSqlSafe, Connection as _, Executor as _, PgConnection, Postgres, query::Query, raw_sql,
    },
};
use sea_query_sqlx::SqlxValues;
use tokio::runtime::Handle;

use super::pool::Pooled;

/// Time limit for settling a connection; after it, the connection is closed.
const SETTLE_LIMIT: Duration = Duration::from_secs(5);

/// A connection that is in use. It returns to the pool when the lease is dropped.
pub(super) struct Lease {
    /// Time limit of each statement, after which the connection is left.
    limit: Duration,
    /// Taken by `drop`.
    connection: Option<Pooled>,
    /// A statement was sent, and its response has not been read to the end, because the future was dropped. Also after
    /// an error, which may be that the connection was lost.
    running: bool,
    /// A transaction is open.
    in_transaction: bool,
}

impl Lease {
    pub(super) fn new(connection: Pooled, limit: Duration) -> Self {
        Self { limit, connection: Some(connection), running: false, in_transaction: false }
    }

    pub(super) async fn execute(&mut self, statement: Statement) -> Result<ExecResult, DbErr> {
        let result = in_time(self.limit, self.start()?.execute(prepared(statement))).await;
        self.end(result, DbErr::Exec).map(Into::into)
    }

    pub(super) async fn execute_unprepared(&mut self, sql: &str) -> Result<ExecResult, DbErr> {
        let result = in_time(self.limit, raw_sql(AssertSqlSafe(sql)).execute(self.start()?)).await;
        self.end(result, DbErr::Exec).map(Into::into)
    }

    pub(super) async fn query_one(&mut self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let result = in_time(self.limit, self.start()?.fetch_optional(prepared(statement))).await;
        Ok(self.end(result, DbErr::Query)?.map(Into::into))
    }

    pub(super) async fn query_all(&mut self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let result = in_time(self.limit, self.start()?.fetch_all(prepared(statement))).await;
        Ok(self.end(result, DbErr::Query)?.into_iter().map(Into::into).collect())
    }

    pub(super) async fn begin(&mut self) -> Result<(), DbErr> {
        // From here on, as PostgreSQL may have begun the transaction although its response was not read.
        self.in_transaction = true;
        self.execute_unprepared("BEGIN").await.map(drop)
    }

    /// Commits or rolls back the transaction.
    pub(super) async fn conclude(&mut self, command: &str) -> Result<(), DbErr> {
        self.execute_unprepared(command).await?;
        self.in_transaction = false;
        Ok(())
    }

    fn start(&mut self) -> Result<&mut PgConnection, DbErr> {
        self.running = true;
        let closed = DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed);
        self.connection.as_deref_mut().ok_or(closed)
    }

    fn end<T>(
        &mut self,
        result: Result<T, sqlx::Error>,
        error_of: fn(RuntimeErr) -> DbErr,
    ) -> Result<T, DbErr> {
        self.running = result.is_err();
        result.map_err(|error| error_of(RuntimeErr::SqlxError(Arc::new(error))))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        if !self.running && !self.in_transaction {
            return;
        }
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(settle(connection, self.in_transaction))),
            Err(_) => drop(Object::take(connection)),
        }
    }
}

/// Waits for a response within a time limit. PostgreSQL ends statements earlier by itself; this limit is for a connection
/// that does not answer at all.
async fn in_time<T>(
    limit: Duration,
    response: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    tokio::time::timeout(limit, response)
        .await
        .unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "no answer in time").into()))
}

/// Reads the rest of a response and rolls back, so that the connection can be used again.
async fn settle(mut connection: Pooled, in_transaction: bool) {
    let work = async {
        if in_transaction {
            raw_sql("ROLLBACK").execute(&mut *connection).await.map(drop)
        } else {
            connection.ping().await
        }
    };
    if !matches!(tokio::time::timeout(SETTLE_LIMIT, work).await, Ok(Ok(()))) {
        drop(Object::take(connection));
    }
}

fn prepared(statement: Statement) -> Query<'static, Postgres, SqlxValues> {
    let values = statement.values.unwrap_or(Values(Vec::new()));
    sqlx::query_with(AssertSqlSafe(statement.sql), SqlxValues(values))
}
