//! Conditions on ids.

use sea_orm::{
    ColumnTrait,
    sea_query::{Expr, ExprTrait as _, SimpleExpr, extension::postgres::PgFunc},
};
use triptych_entities::ids::Id;

/// Conditions on a column of ids.
pub trait IdColumn: ColumnTrait {
    /// Whether the column has one of the ids. They are a single parameter, so that the text of the statement, and with
    /// it the prepared statement, does not depend on their number.
    fn any_of<I: Id>(&self, ids: &[I]) -> SimpleExpr {
        let ids: Vec<uuid::Uuid> = ids.iter().map(|id| id.uuid()).collect();
        Expr::col(self.as_column_ref()).eq(PgFunc::any(ids))
    }
}

impl<C: ColumnTrait> IdColumn for C {}

#[cfg(test)]
mod tests {
    use sea_orm::{DbBackend, EntityTrait as _, QueryFilter as _, QueryTrait as _};
    use triptych_entities::{ids::FlowId, relational::automation::flow};
    use uuid::Uuid;

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
