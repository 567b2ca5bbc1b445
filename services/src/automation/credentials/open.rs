//! Decrypts credentials, and encrypts them again with a new key.

use sea_orm::{ColumnTrait as _, QueryFilter as _, QuerySelect as _};
use serde_json::Value;
use triptych_entities::{
    ids::{CredentialId, OrganizationId},
    relational::automation::credential,
};
use triptych_stores::{
    access::{Scope, Scoped as _},
    error::{Result, ServiceError, StoreError},
    fetch::Fetch as _,
};

use super::{Credentials, Sealed};

impl Credentials {
    /// Decrypts the secret fields of a credential, for the step that uses them.
    ///
    /// # Errors
    /// `NotFound` if the credential was deleted; `Seal` if its key is not configured.
    pub async fn open(&self, organization: OrganizationId, id: CredentialId) -> Result<Value> {
        let row = credential::Entity::within(Scope::whole(organization))
            .filter(credential::Column::Id.eq(id))
            .one(&self.stores.pg)
            .await?
            .ok_or(ServiceError::NotFound("credential"))?;
        let sealed = Sealed { key_id: row.key_id, bytes: row.sealed };
        let plain = self.keyring.open(record(organization, id).as_bytes(), &sealed)?;
        Ok(serde_json::from_slice(&plain).map_err(StoreError::from)?)
    }

    /// Encrypts all records of former keys with the current key, and returns their number. May be interrupted and
    /// repeated.
    ///
    /// # Errors
    /// The first record that cannot be decrypted.
    pub async fn rotate(&self) -> Result<usize> {
        let mut rotated = 0;
        loop {
            let rows = credential::Entity::across_tenants()
                .filter(credential::Column::KeyId.ne(self.keyring.current()))
                .limit(200)
                .fetch(&self.stores.pg)
                .await?;
            if rows.is_empty() {
                return Ok(rotated);
            }
            for row in rows {
                let record = record(row.organization_id, row.id);
                let former = Sealed { key_id: row.key_id.clone(), bytes: row.sealed.clone() };
                let plain = self.keyring.open(record.as_bytes(), &former)?;
                let sealed = self.keyring.seal(self.clock.random_bytes(), record.as_bytes(), &plain)?;
                // Only if the record was not changed concurrently.
                credential::Entity::update_within(Scope::whole(row.organization_id))
                    .col_expr(credential::Column::Sealed, sealed.bytes.into())
                    .col_expr(credential::Column::KeyId, sealed.key_id.into())
                    .filter(credential::Column::Id.eq(row.id))
                    .filter(credential::Column::KeyId.eq(row.key_id))
                    .exec(&self.stores.pg)
                    .await?;
                rotated += 1;
            }
        }
    }
}

/// The associated data of a record, which binds the ciphertext to it.
pub(super) fn record(organization: OrganizationId, id: CredentialId) -> String {
    format!("{organization}/{id}")
}
