//! Receipts of deletions, for whoever has no account any more to follow them with.

use sea_orm::{ColumnTrait as _, QueryFilter as _};
use sha2::{Digest as _, Sha256};
use triptych_entities::relational::deletion::{Column, Entity, Model};
use triptych_stores::{
    access::Scoped as _,
    error::{Result, ServiceError},
};

use super::Deletions;

/// The stored form of a receipt, which has 256 random bits.
pub(super) fn hash_of(receipt: &str) -> Vec<u8> {
    Sha256::digest(receipt).to_vec()
}

impl Deletions {
    /// Finds the deletion with this receipt. The receipt is the permission.
    ///
    /// # Errors
    /// `NotFound` for an unknown receipt.
    pub async fn by_receipt(&self, receipt: &str) -> Result<Model> {
        let found = Entity::across_tenants().filter(Column::ReceiptHash.eq(hash_of(receipt)));
        found.one(&self.stores.pg).await?.ok_or(ServiceError::NotFound("deletion"))
    }
}
