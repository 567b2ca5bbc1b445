//! Deletes organizations and accounts. One transaction ends all access and requests the removal of what is left, which
//! `deletions` does in the background.

mod account;
mod hand_over;
mod organization;

use triptych_entities::relational::deletion;

pub(crate) use hand_over::hand_over;
pub use organization::DeleteOrganization;

/// A deletion, and the receipt with which anybody can follow it. Only the hash of the receipt is stored.
#[derive(Debug, Clone)]
pub struct AcceptedDeletion {
    pub deletion: deletion::Model,
    pub receipt: String,
}
