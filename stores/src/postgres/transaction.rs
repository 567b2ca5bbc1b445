//! Transactions.

use futures::lock::Mutex;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement};

use super::lease::Lease;

/// A transaction. It is rolled back when it is dropped without [`Transaction::commit`].
pub struct Transaction(Mutex<Lease>);

impl Transaction {
    pub(super) async fn begin(mut lease: Lease) -> Result<Self, DbErr> {
        lease.begin().await?;
        Ok(Self(Mutex::new(lease)))
    }

    /// Commits the changes.
    ///
    /// # Errors
    /// If PostgreSQL refuses. If the connection is lost, the changes may have been committed.
    pub async fn commit(self) -> Result<(), DbErr> {
        self.0.into_inner().conclude("COMMIT").await
    }

    /// Discards the changes, and waits until their locks are released.
    ///
    /// # Errors
    /// If PostgreSQL does not answer; the changes are discarded nevertheless.
    pub async fn rollback(self) -> Result<(), DbErr> {
        self.0.into_inner().conclude("ROLLBACK").await
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.0.lock().await.execute(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.0.lock().await.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.0.lock().await.query_one(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.0.lock().await.query_all(statement).await
    }
}
