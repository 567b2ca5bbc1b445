//! How a row says whose it is.

use sea_orm::{Condition, EntityTrait};

use crate::{access::Subject, ids::UserId};

/// A table whose rows belong to an organization. Queries on it begin with a scope (`stores::access::Scope`), which
/// needs to know where the organization is and whose a row is.
pub trait Tenanted: EntityTrait {
    /// The subject that permissions on these rows are about.
    const SUBJECT: Subject;

    /// The column of the organization.
    fn organization() -> Self::Column;

    /// The rows that a user owns, for permissions that reach only one's own.
    fn owned_by(owner: UserId) -> Condition;
}
