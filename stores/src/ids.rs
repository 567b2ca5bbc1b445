//! Conditions on ids.

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait,
    sea_query::{Expr, ExprTrait as _, SimpleExpr, extension::postgres::PgFunc},
};
use triptych_entities::ids::Id;
use uuid::Uuid;

/// Conditions on a column of ids.
pub trait IdColumn: ColumnTrait {
    /// Whether the column has one of the ids. They are a single parameter, so that the text of the statement, and with
    /// it the prepared statement, does not depend on their number.
    fn any_of<I: Id>(&self, ids: &[I]) -> SimpleExpr {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
        Expr::col(self.as_column_ref()).eq(PgFunc::any(ids))
    }
}

impl<C: ColumnTrait> IdColumn for C {}

/// The smallest `UUIDv7` of a millisecond. Ids are sorted by time, so a range of time is a range of ids.
#[must_use]
pub fn first_id_at(at: DateTime<Utc>) -> Uuid {
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or_default();
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
    Uuid::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use sea_orm::{DbBackend, EntityTrait as _, QueryFilter as _, QueryTrait as _};
    use triptych_entities::{ids::FlowId, relational::automation::flow};

    use super::*;

    #[test]
    fn the_statement_does_not_depend_on_the_number_of_ids() {
        let sql = |count: u128| {
            let ids: Vec<FlowId> = (0..count).map(|n| FlowId::from_uuid(Uuid::from_u128(n))).collect();
            flow::Entity::find().filter(flow::Column::Id.any_of(&ids)).build(DbBackend::Postgres).sql
        };
        assert!(sql(1).ends_with(r#"WHERE "flows"."id" = ANY($1)"#), "{}", sql(1));
        assert_eq!(sql(1), sql(20));
    }
}
