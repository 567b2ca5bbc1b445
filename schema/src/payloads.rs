//! Payloads that several domains return.

use async_graphql::{ID, SimpleObject};

use crate::deletions::Deletion;

/// A deleted object.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct DeletePayload {
    /// The id of the deleted object.
    pub deleted_id: ID,
    /// The removal of what belonged to the object, in the background; null if nothing is left to remove.
    pub deletion: Option<Deletion>,
}

impl DeletePayload {
    /// An object that is removed completely.
    pub(crate) fn of(deleted_id: ID) -> Self {
        Self { deleted_id, deletion: None }
    }
}
