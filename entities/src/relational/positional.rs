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

/// A set of columns of a model, which has at most 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnSet(u64);

impl ColumnSet {
    pub const ALL: Self = Self(u64::MAX);

    /// The columns with these names; all columns, if the model does not have one of them.
    pub fn of<M: Positional>(names: impl IntoIterator<Item = &'static str>) -> Self {
        const { assert!(M::COLUMNS.len() <= 64, "a model has at most 64 columns") };
        names.into_iter().fold(Self(0), |set, name| {
            match M::COLUMNS.iter().position(|column| *column == name) {
                Some(position) => Self(set.0 | 1 << position),
                None => Self::ALL,
            }
        })
    }

    /// Whether the column at a position is in the set.
    #[must_use]
    pub fn contains(self, position: usize) -> bool {
        self.0 >> position & 1 == 1
    }

    fn names<M: Positional>(self) -> impl Iterator<Item = &'static str> {
        M::COLUMNS.iter().copied().enumerate().filter(move |(at, _)| self.contains(*at)).map(|(_, name)| name)
    }
}

/// The columns of a model in a row, from the first to the last. Those that were not selected have the default of their
/// type.
pub struct Columns<'a> {
    row: &'a QueryResult,
    selected: ColumnSet,
    /// The position of the next column in the model, and in the row.
    next: (usize, usize),
}

impl Columns<'_> {
    /// The value of the next column.
    ///
    /// # Errors
    /// If it is null or has another type.
    pub fn required<T: TryGetable + Default>(&mut self) -> Result<T, DbErr> {
        self.next().map_or_else(|| Ok(T::default()), |index| self.row.try_get_by_index(index))
    }

    /// The value of the next column, which may be null.
    ///
    /// # Errors
    /// If it has another type.
    pub fn optional<T: TryGetable>(&mut self) -> Result<Option<T>, DbErr> {
        let Some(index) = self.next() else { return Ok(None) };
        let row = self.row.try_as_pg_row();
        if row.and_then(|row| row.try_get_raw(index).ok()).is_some_and(|value| value.is_null()) {
            return Ok(None);
        }
        self.row.try_get_by_index(index).map(Some)
    }

    /// The position of the next column in the row, if it was selected.
    fn next(&mut self) -> Option<usize> {
        let (column, index) = self.next;
        let selected = self.selected.contains(column);
        self.next = (column + 1, index + usize::from(selected));
        selected.then_some(index)
    }
}

/// Decodes the rows of one statement: by position if it selects these columns of the model in their order, else by name.
///
/// # Errors
/// If a column is missing or has another type.
pub fn decode<M: Positional>(rows: &[QueryResult], selected: ColumnSet) -> Result<Vec<M>, DbErr> {
    let in_order = rows.first().is_some_and(|row| in_order::<M>(row, selected));
    let mut models = Vec::with_capacity(rows.len());
    for row in rows {
        models.push(if in_order {
            M::decode(&mut Columns { row, selected, next: (0, 0) })?
        } else {
            M::from_query_result(row, "")?
        });
    }
    Ok(models)
}

fn in_order<M: Positional>(row: &QueryResult, selected: ColumnSet) -> bool {
    row.try_as_pg_row().is_some_and(|row| row.columns().iter().map(Column::name).eq(selected.names::<M>()))
}
