//! Queries on rows that belong to an organization.

use sea_orm::{ColumnTrait as _, Condition, DeleteMany, EntityTrait, QueryFilter as _, Select, UpdateMany};
use triptych_entities::relational::tenanted::Tenanted;

use super::Scope;

/// The only ways to begin a query on a tenanted table.
pub trait Scoped: Tenanted {
    /// Selects the rows within reach.
    fn within(scope: Scope) -> Select<Self> {
        <Self as EntityTrait>::find().filter(reach::<Self>(scope))
    }

    /// Deletes rows within reach.
    fn delete_within(scope: Scope) -> DeleteMany<Self> {
        <Self as EntityTrait>::delete_many().filter(reach::<Self>(scope))
    }

    /// Updates rows within reach.
    fn update_within(scope: Scope) -> UpdateMany<Self> {
        <Self as EntityTrait>::update_many().filter(reach::<Self>(scope))
    }

    /// Selects rows of all organizations: for jobs and housekeeping that serve all of them, never for a person.
    fn across_tenants() -> Select<Self> {
        <Self as EntityTrait>::find()
    }

    /// Updates rows of all organizations: for jobs and housekeeping that serve all of them, never for a person.
    fn update_across_tenants() -> UpdateMany<Self> {
        <Self as EntityTrait>::update_many()
    }
}

impl<E: Tenanted> Scoped for E {}

fn reach<E: Tenanted>(scope: Scope) -> Condition {
    let condition = Condition::all().add(E::ORGANIZATION.eq(scope.organization()));
    match scope.owner() {
        Some(owner) => condition.add(E::owned_by(owner)),
        None => condition,
    }
}
