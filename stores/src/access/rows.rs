//! Queries on rows that belong to an organization.

use sea_orm::{
    ColumnTrait as _, Condition, DeleteMany, EntityTrait, QueryFilter as _, Select, UpdateMany,
    sea_query::ExprTrait as _,
};
use triptych_entities::relational::tenanted::Tenanted;

use super::Scope;

/// Queries on a tenanted table. There is no other way to begin one.
pub trait Scoped: Tenanted {
    /// Selects the rows in the scope.
    fn within(scope: Scope) -> Select<Self> {
        <Self as EntityTrait>::find().filter(condition::<Self>(scope))
    }

    /// Deletes rows of all organizations. For background jobs only, not for callers of the API.
    fn delete_across_tenants() -> DeleteMany<Self> {
        <Self as EntityTrait>::delete_many()
    }

    /// Deletes rows in the scope.
    fn delete_within(scope: Scope) -> DeleteMany<Self> {
        <Self as EntityTrait>::delete_many().filter(condition::<Self>(scope))
    }

    /// Updates rows in the scope.
    fn update_within(scope: Scope) -> UpdateMany<Self> {
        <Self as EntityTrait>::update_many().filter(condition::<Self>(scope))
    }

    /// Selects rows of all organizations. For background jobs only, not for callers of the API.
    fn across_tenants() -> Select<Self> {
        <Self as EntityTrait>::find()
    }

    /// Updates rows of all organizations. For background jobs only, not for callers of the API.
    fn update_across_tenants() -> UpdateMany<Self> {
        <Self as EntityTrait>::update_many()
    }
}

impl<E: Tenanted> Scoped for E {}

fn condition<E: Tenanted>(scope: Scope) -> Condition {
    let within = Condition::all().add(E::ORGANIZATION.eq(scope.organization()));
    let within = match E::deleted() {
        Some(deleted) if !scope.includes_deleted() => within.add(deleted.not()),
        _ => within,
    };
    match scope.owner() {
        Some(owner) => within.add(E::owned_by(owner)),
        None => within,
    }
}
