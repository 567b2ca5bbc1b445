//! Payloads that several domains return.

use async_graphql::{ID, SimpleObject};

/// A deleted object.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct DeletePayload {
    /// The id of the deleted object.
    pub deleted_id: ID,
}
