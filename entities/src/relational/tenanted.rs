//! Tables whose rows belong to an organization.

use sea_orm::{Condition, EntityTrait};

use crate::{access::Subject, ids::UserId};

/// A table whose rows belong to an organization. Queries on it begin with a scope (`stores::access::Scope`), which
/// needs the columns of the organization and the owner.
pub trait Tenanted: EntityTrait {
    /// The subject of permissions on these rows.
    const SUBJECT: Subject;

    /// The column of the organization.
    fn organization() -> Self::Column;

    /// The rows of an owner, for permissions that are limited to own rows.
    fn owned_by(owner: UserId) -> Condition;
}
