//! Reads rows of PostgreSQL as models.

use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, EntityTrait, Iterable as _, QuerySelect as _, QueryTrait as _, Select,
    Statement,
};
use triptych_entities::relational::positional::{ColumnSet, Positional, decode};

/// Reads the rows of a statement that selects these columns.
///
/// # Errors
/// If PostgreSQL does not answer.
pub async fn fetch<M: Positional>(
    db: &impl ConnectionTrait,
    statement: Statement,
    columns: ColumnSet,
) -> Result<Vec<M>, DbErr> {
    decode(&db.query_all_raw(statement).await?, columns)
}

/// Selects columns of the rows of a query. The others have the default of their type in the models.
pub fn select<E: EntityTrait>(query: Select<E>, columns: ColumnSet) -> Select<E> {
    E::Column::iter()
        .enumerate()
        .filter(|(position, _)| columns.contains(*position))
        .fold(query.select_only(), |query, (_, column)| query.column(column))
}

/// Reads the rows of a query. Unlike `all`, it decodes them by the positions of their columns.
pub trait Fetch<M> {
    /// # Errors
    /// If PostgreSQL does not answer.
    fn fetch<C: ConnectionTrait>(self, db: &C) -> impl Future<Output = Result<Vec<M>, DbErr>> + Send;

    /// Reads some columns. The others have the default of their type.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    fn fetch_columns<C: ConnectionTrait>(
        self,
        db: &C,
        columns: ColumnSet,
    ) -> impl Future<Output = Result<Vec<M>, DbErr>> + Send;
}

impl<E: EntityTrait<Model: Positional + Send>> Fetch<E::Model> for Select<E> {
    fn fetch<C: ConnectionTrait>(self, db: &C) -> impl Future<Output = Result<Vec<E::Model>, DbErr>> + Send {
        self.fetch_columns(db, ColumnSet::ALL)
    }

    fn fetch_columns<C: ConnectionTrait>(
        self,
        db: &C,
        columns: ColumnSet,
    ) -> impl Future<Output = Result<Vec<E::Model>, DbErr>> + Send {
        let query = if columns == ColumnSet::ALL { self } else { select(self, columns) };
        fetch(db, query.build(DbBackend::Postgres), columns)
    }
}
