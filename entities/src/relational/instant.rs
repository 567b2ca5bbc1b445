//! Decodes times of PostgreSQL.

use chrono::{DateTime, Utc};
use sea_orm::{
    ColIdx, DbErr, QueryResult, TryGetError, TryGetable,
    sqlx::{Row as _, TypeInfo as _, ValueRef as _, postgres::PgValueFormat},
};

/// 2000-01-01, from which PostgreSQL counts, in microseconds since 1970.
const EPOCH: i64 = 946_684_800_000_000;

/// A column of the type `timestamptz`.
///
/// In the binary format it is a number of microseconds
/// (<https://www.postgresql.org/docs/current/datatype-datetime.html>). The driver adds them to a date as days and a time
/// of day, and converts the sum to another time zone and back, which takes several times as long.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Instant(pub DateTime<Utc>);

impl TryGetable for Instant {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        let Some(micros) = microseconds(row, index) else {
            return DateTime::try_get_by(row, index).map(Self);
        };
        let at = micros.checked_add(EPOCH).and_then(DateTime::from_timestamp_micros);
        let out_of_range =
            || TryGetError::DbErr(DbErr::Type(format!("the time in column {index:?} is out of range")));
        at.map(Self).ok_or_else(out_of_range)
    }
}

/// The microseconds of a value in the binary format.
fn microseconds<I: ColIdx>(row: &QueryResult, index: I) -> Option<i64> {
    let value = row.try_as_pg_row()?.try_get_raw(index.as_sqlx_postgres_index()).ok()?;
    let is_instant = value.format() == PgValueFormat::Binary && value.type_info().name() == "TIMESTAMPTZ";
    let bytes = is_instant.then(|| value.as_bytes().ok()).flatten()?;
    Some(i64::from_be_bytes(bytes.try_into().ok()?))
}
