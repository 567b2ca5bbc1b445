//! Optional fields of updates.

use async_graphql::MaybeUndefined;
use triptych_services::collections::Change;

/// An optional field of an update: null clears it.
pub(crate) fn change<T>(given: MaybeUndefined<T>) -> Change<T> {
    match given {
        MaybeUndefined::Undefined => Change::Keep,
        MaybeUndefined::Null => Change::Clear,
        MaybeUndefined::Value(value) => Change::Set(value),
    }
}
