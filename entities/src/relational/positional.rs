//! Decodes rows by the positions of their columns. Decoding by name looks up each column of each row in a hash table,
//! twice, and formats a message for each absent value.

use sea_orm::{
    DbErr, FromQueryResult, QueryResult, TryGetable,
    sqlx::{Column, Row as _, ValueRef as _},
};

/// A model whose fields are the columns of its table, in their order. `#[derive(Positional)]` implements it.
pub trait Positional: FromQueryResult {
    /// The names of the columns.
    const COLUMNS: &'static [&'static str];

    /// Decodes a row with these columns.
    ///
    /// # Errors
    /// If a value has another type.
    fn decode(columns: &mut Columns<'_>) -> Result<Self, DbErr>;
}

/// The columns of a row, from the first to the last.
pub struct Columns<'a> {
    row: &'a QueryResult,
    next: usize,
}

impl Columns<'_> {
    /// The value of the next column.
    ///
    /// # Errors
    /// If it is null or has another type.
    pub fn required<T: TryGetable>(&mut self) -> Result<T, DbErr> {
        let index = self.next;
        self.next += 1;
        self.row.try_get_by_index(index)
    }

    /// The value of the next column, which may be null.
    ///
    /// # Errors
    /// If it has another type.
    pub fn optional<T: TryGetable>(&mut self) -> Result<Option<T>, DbErr> {
        let row = self.row.try_as_pg_row();
        if row.and_then(|row| row.try_get_raw(self.next).ok()).is_some_and(|value| value.is_null()) {
            self.next += 1;
            return Ok(None);
        }
        self.required()
    }
}

/// Decodes the rows of one statement: by position if it selects the columns of the model in their order, else by name.
///
/// # Errors
/// If a column is missing or has another type.
pub fn decode<M: Positional>(rows: &[QueryResult]) -> Result<Vec<M>, DbErr> {
    if rows.first().is_some_and(in_order::<M>) {
        rows.iter().map(|row| M::decode(&mut Columns { row, next: 0 })).collect()
    } else {
        rows.iter().map(|row| M::from_query_result(row, "")).collect()
    }
}

fn in_order<M: Positional>(row: &QueryResult) -> bool {
    row.try_as_pg_row()
        .is_some_and(|row| row.columns().iter().map(Column::name).eq(M::COLUMNS.iter().copied()))
}
