//! Tables whose rows belong to an organization.

use sea_orm::{
    ColumnTrait as _, EntityTrait, Iterable as _, PrimaryKeyToColumn, QueryFilter as _, QuerySelect as _,
    QueryTrait as _,
    sea_query::{Expr, ExprTrait as _, IntoColumnRef, Query, SelectStatement, SimpleExpr},
};

use crate::{access::Subject, ids::UserId};

/// A table whose rows belong to an organization. Queries on it begin with a scope (`stores::access::Scope`), which
/// needs the columns of the organization and the owner.
pub trait Tenanted: EntityTrait {
    /// The subject of permissions on these rows.
    const SUBJECT: Subject;
    /// The column of the organization.
    const ORGANIZATION: Self::Column;
    /// The owner of a row, for permissions that are limited to own rows.
    const OWNERSHIP: Ownership<Self::Column>;

    /// The condition, never null, that a row is being removed in the background, or belongs to such a row. Callers of the
    /// API do not see these rows. `None` for tables whose rows are deleted at once.
    fn deleted() -> Option<SimpleExpr> {
        None
    }

    /// The condition that a row belongs to the owner.
    fn owned_by(owner: UserId) -> SimpleExpr {
        match Self::OWNERSHIP {
            Ownership::Column(column) => column.eq(owner),
            Ownership::Parent(column, ids_of) => column.in_subquery(ids_of(owner)),
            Ownership::Nobody => SimpleExpr::from(false),
        }
    }
}

/// Where the owner of a row is stored.
#[derive(Debug)]
pub enum Ownership<C> {
    /// The user in this column.
    Column(C),
    /// The owner of the parent row, whose id is in this column. The function selects the ids of the parents: see
    /// `ids_of`.
    Parent(C, fn(UserId) -> SelectStatement),
    /// Rows have no owner. A permission that is limited to own rows reaches none.
    Nobody,
}

/// Selects the ids of the rows of an owner.
pub(super) fn ids_of<E: Tenanted>(owner: UserId) -> SelectStatement {
    E::find()
        .select_only()
        .columns(E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column))
        .filter(E::owned_by(owner))
        .into_query()
}

/// The condition that the parent with the id in this column is being removed.
pub(super) fn parent_deleted<P: Tenanted>(id: P::Column, column: impl IntoColumnRef) -> Option<SimpleExpr> {
    let parents = Query::select()
        .expr(Expr::val(1))
        .from(P::default())
        .and_where(Expr::col((P::default(), id)).equals(column))
        .and_where(P::deleted()?)
        .to_owned();
    Some(Expr::exists(parents))
}
