//! Decrypts credentials for the flows that use them, and encrypts them again with a new key.

use sea_orm::{ColumnTrait as _, QueryFilter as _, QuerySelect as _};
use serde_json::Value;
use triptych_entities::{
    ids::{CredentialId, FlowId, OrganizationId},
    relational::automation::credential,
};
use triptych_stores::{
    access::{Scope, Scoped as _},
    error::{Result, ServiceError, StoreError},
    fetch::Fetch as _,
};

use super::{Credentials, Sealed, hosts};

/// A decrypted credential. Without `Debug`, as it has the secret fields.
#[derive(Clone)]
pub struct Opened {
    pub id: CredentialId,
    organization: OrganizationId,
    pub fields: Value,
    hosts: Option<Vec<String>>,
}

impl Credentials {
    /// Decrypts the secret fields of a credential, for a flow that uses them.
    ///
    /// # Errors
    /// `NotFound` if the credential was deleted or belongs to another flow; `Seal` if its key is not configured.
    pub async fn open(&self, organization: OrganizationId, flow: FlowId, id: CredentialId) -> Result<Opened> {
        let row = credential::Entity::within(Scope::whole(organization))
            .filter(credential::Column::Id.eq(id))
            .one(&self.stores.pg)
            .await?
            .filter(|row| row.flow_id.is_none_or(|bound| bound == flow))
            .ok_or(ServiceError::NotFound("credential"))?;
        self.opened(row)
    }

    pub(super) fn opened(&self, row: credential::Model) -> Result<Opened> {
        let (organization, id) = (row.organization_id, row.id);
        let sealed = Sealed { key_id: row.key_id, bytes: row.sealed };
        let plain = self.keyring.open(record(organization, id).as_bytes(), &sealed)?;
        let fields = serde_json::from_slice(&plain).map_err(StoreError::from)?;
        Ok(Opened { id, organization, fields, hosts: row.hosts })
    }

    /// Checks that a credential may be sent to a host. One without hosts is bound to the host of its first use, on every
    /// port.
    ///
    /// # Errors
    /// `Other` for another host; `Store` if PostgreSQL does not answer.
    pub async fn admit(&self, opened: &Opened, host: &str, port: Option<u16>) -> Result<(), HostError> {
        let allowed = match &opened.hosts {
            Some(hosts) => hosts.clone(),
            None => self.bind(opened, host).await?,
        };
        if hosts::contain(&allowed, host, port) { Ok(()) } else { Err(HostError::Other(allowed)) }
    }

    /// Binds a credential to a host, unless it is bound already. Returns its hosts.
    async fn bind(&self, opened: &Opened, host: &str) -> Result<Vec<String>, StoreError> {
        let whole = Scope::whole(opened.organization);
        let host = host.to_ascii_lowercase();
        let bound = credential::Entity::update_within(whole)
            .col_expr(credential::Column::Hosts, vec![host.clone()].into())
            .filter(credential::Column::Id.eq(opened.id))
            .filter(credential::Column::Hosts.is_null())
            .exec(&self.stores.pg)
            .await?;
        if bound.rows_affected > 0 {
            return Ok(vec![host]);
        }
        // Another use was faster, or the credential was deleted meanwhile.
        let query = credential::Entity::within(whole).filter(credential::Column::Id.eq(opened.id));
        Ok(query.one(&self.stores.pg).await?.and_then(|row| row.hosts).unwrap_or_default())
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

/// Why a credential is not sent.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    #[error("the credential of the step is for {}", .0.join(", "))]
    Other(Vec<String>),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The associated data of a record, which binds the ciphertext to it.
pub(super) fn record(organization: OrganizationId, id: CredentialId) -> String {
    format!("{organization}/{id}")
}
