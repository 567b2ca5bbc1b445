//! Credentials of integrations: encrypted when stored, decrypted only for the steps that use them, never returned.

mod fields;
mod find;
mod hosts;
mod open;
mod seal;
mod update;
mod webhooks;

use std::sync::Arc;

use fields::SecretFields;
pub use open::{HostError, Opened};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, PaginatorTrait as _, QueryFilter as _, QuerySelect as _, Set,
    sea_query::LockType,
};
pub use seal::{Key, Keyring, SealError, Sealed};
use serde_json::{Value, json};
use triptych_entities::{
    ids::{CredentialId, FlowId},
    relational::automation::{credential, flow},
};
use triptych_stores::{
    access::{Action, Actor, Scoped as _, Subject},
    clock::Clock,
    connections::Stores,
    error::{Result, ServiceError},
};
pub use update::CredentialChanges;
pub(crate) use webhooks::{CredentialCopy, WebhookSecret};

use crate::{
    audit::{AuditAction, Entry, record},
    automation::integrations::Catalog,
    input::{Name, Problems},
};

/// The input of `create`. Without `Debug`, as it has the secret fields.
pub struct NewCredential {
    pub integration: String,
    pub name: String,
    /// The secret fields, as the schema of the integration defines them.
    pub fields: Value,
    /// Limits the credential to one flow, with which it is deleted.
    pub flow_id: Option<FlowId>,
    /// The hosts that it may be sent to. `None`: that of its first use.
    pub hosts: Option<Vec<String>>,
}

/// The service of credentials.
#[derive(Clone)]
pub struct Credentials {
    stores: Stores,
    clock: Clock,
    keyring: Arc<Keyring>,
    catalog: Catalog,
}

impl Credentials {
    pub(crate) fn new(stores: Stores, clock: Clock, keyring: Arc<Keyring>, catalog: Catalog) -> Self {
        Self { stores, clock, keyring, catalog }
    }

    /// Encrypts and stores a credential. Not idempotent.
    ///
    /// # Errors
    /// `Invalid` with each wrong field.
    #[tracing::instrument(skip_all)]
    pub async fn create(&self, actor: &Actor, input: NewCredential) -> Result<credential::Model> {
        let scope = actor.scope(Action::Create, Subject::Credential)?;
        let (name, fields, hosts) = self.parse(&input)?;
        self.check_flow(actor, input.flow_id).await?;
        let id: CredentialId = self.clock.new_id();
        let sealed = self.keyring.seal(
            self.clock.random_bytes(),
            open::record(scope.organization(), id).as_bytes(),
            fields.as_bytes(),
        )?;
        let now = self.clock.now();
        let tx = self.stores.pg.begin().await?;
        let created = credential::ActiveModel {
            id: Set(id),
            organization_id: Set(scope.organization()),
            owner_id: Set(actor.user),
            flow_id: Set(input.flow_id),
            integration: Set(input.integration),
            name: Set(name.into_string()),
            key_id: Set(sealed.key_id),
            sealed: Set(sealed.bytes),
            created_at: Set(now),
            updated_at: Set(now),
            hosts: Set(hosts),
        }
        .insert(&tx)
        .await?;
        let entry = Entry::of(AuditAction::CreateCredential).target(id).after(shown(&created));
        record(&tx, &self.clock, actor, entry).await?;
        tx.commit().await?;
        Ok(created)
    }

    fn parse(&self, input: &NewCredential) -> Result<(Name, SecretFields, Option<Vec<String>>)> {
        let mut problems = Problems::default();
        let name = problems.parsed("name", Name::parse(&input.name));
        let fields = match self.catalog.integration(&input.integration).map(|known| &known.credential) {
            None => problems.parsed("integration", Err("there is no such integration")),
            Some(None) => problems.parsed("integration", Err("this integration takes no credential")),
            Some(Some(kind)) => problems.checked(SecretFields::parse("fields", &input.fields, kind)),
        };
        let hosts = input.hosts.as_deref().map(|hosts| hosts::parse("hosts", hosts));
        let hosts = problems.checked(hosts.transpose());
        let ((name, fields), hosts) = problems.finish(name.zip(fields).zip(hosts))?;
        Ok((name, fields, hosts))
    }

    async fn check_flow(&self, actor: &Actor, flow: Option<FlowId>) -> Result<()> {
        let Some(flow) = flow else { return Ok(()) };
        let scope = actor.scope(Action::Update, Subject::Flow)?;
        let query = flow::Entity::within(scope).filter(flow::Column::Id.eq(flow));
        if query.count(&self.stores.pg).await? == 0 { Err(ServiceError::NotFound("flow")) } else { Ok(()) }
    }

    /// Deletes a credential. Steps that use it fail until they are assigned another.
    ///
    /// # Errors
    /// `NotFound`, also for the credential of another organization and if the call is repeated; `Conflict` if a webhook
    /// relies on it.
    #[tracing::instrument(skip_all, fields(credential.id = %id))]
    pub async fn delete(&self, actor: &Actor, id: CredentialId) -> Result<()> {
        let scope = actor.scope(Action::Delete, Subject::Credential)?;
        let tx = self.stores.pg.begin().await?;
        let found = credential::Entity::within(scope).filter(credential::Column::Id.eq(id));
        let found =
            found.lock(LockType::Update).one(&tx).await?.ok_or(ServiceError::NotFound("credential"))?;
        self.check_unused_by_webhooks(&tx, &found).await?;
        credential::Entity::delete_within(scope).filter(credential::Column::Id.eq(id)).exec(&tx).await?;
        let entry = Entry::of(AuditAction::DeleteCredential).target(id).before(shown(&found));
        record(&tx, &self.clock, actor, entry).await?;
        Ok(tx.commit().await?)
    }
}

/// A credential in the audit log.
fn shown(row: &credential::Model) -> Value {
    json!({ "name": row.name, "integration": row.integration, "flowId": row.flow_id.map(|id| id.to_string()), "hosts": row.hosts })
}
