//! Reads rows of PostgreSQL as models.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryTrait as _, Select, Statement};
use triptych_entities::relational::positional::{Positional, decode};

/// Reads the rows of a statement.
///
/// # Errors
/// If PostgreSQL does not answer.
pub async fn fetch<M: Positional>(db: &impl ConnectionTrait, statement: Statement) -> Result<Vec<M>, DbErr> {
    decode(&db.query_all_raw(statement).await?)
}

/// Reads the rows of a query. Unlike `all`, it decodes them by the positions of their columns.
pub trait Fetch<M> {
    /// # Errors
    /// If PostgreSQL does not answer.
    fn fetch<C: ConnectionTrait>(&self, db: &C) -> impl Future<Output = Result<Vec<M>, DbErr>> + Send;
}

impl<E: EntityTrait<Model: Positional + Send>> Fetch<E::Model> for Select<E> {
    fn fetch<C: ConnectionTrait>(&self, db: &C) -> impl Future<Output = Result<Vec<E::Model>, DbErr>> + Send {
        fetch(db, self.build(DbBackend::Postgres))
    }
}
