//! Credentials of integrations: encrypted when stored, decrypted only for the steps that use them, never returned.

mod find;
mod open;
mod seal;

use std::sync::Arc;

use sea_orm::{ActiveModelTrait as _, ColumnTrait as _, PaginatorTrait as _, QueryFilter as _, Set};
pub use seal::{Key, Keyring, SealError, Sealed};
use serde_json::Value;
use triptych_entities::{
    ids::{CredentialId, FlowId},
    relational::automation::{credential, flow},
};
use triptych_stores::{
    access::{Action, Actor, Scoped as _, Subject},
    clock::Clock,
    connections::Stores,
    error::{Invalid, Problem, Result, ServiceError},
};

use crate::{automation::integrations::Catalog, input::Name};

/// The input of `create`.
#[derive(Debug, Clone)]
pub struct NewCredential {
    pub integration: String,
    pub name: String,
    /// The secret fields, as the schema of the integration defines them.
    pub fields: Value,
    /// Limits the credential to one flow, with which it is deleted.
    pub flow_id: Option<FlowId>,
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
        self.check(actor, &input).await?;
        let id: CredentialId = self.clock.new_id();
        let plain = serde_json::to_vec(&input.fields)?;
        let sealed = self.keyring.seal(
            self.clock.random_bytes(),
            open::record(scope.organization(), id).as_bytes(),
            &plain,
        )?;
        let now = self.clock.now();
        Ok(credential::ActiveModel {
            id: Set(id),
            organization_id: Set(scope.organization()),
            owner_id: Set(actor.user),
            flow_id: Set(input.flow_id),
            integration: Set(input.integration),
            name: Set(input.name.trim().to_owned()),
            key_id: Set(sealed.key_id),
            sealed: Set(sealed.bytes),
            created_at: Set(now),
            updated_at: Set(now),
        }
        .insert(&self.stores.pg)
        .await?)
    }

    async fn check(&self, actor: &Actor, input: &NewCredential) -> Result<()> {
        let mut problems = Vec::new();
        if let Err(message) = Name::parse(&input.name) {
            problems.push(Problem::new("name", message));
        }
        match self.catalog.integration(&input.integration).map(|known| &known.credential) {
            None => problems.push(Problem::new("integration", "there is no such integration")),
            Some(None) => problems.push(Problem::new("integration", "this integration takes no credential")),
            Some(Some(kind)) => problems.extend(kind.fields.check(&input.fields, "fields")),
        }
        if let Some(flow) = input.flow_id {
            let scope = actor.scope(Action::Update, Subject::Flow)?;
            let query = flow::Entity::within(scope).filter(flow::Column::Id.eq(flow));
            if query.count(&self.stores.pg).await? == 0 {
                return Err(ServiceError::NotFound("flow"));
            }
        }
        Ok(Invalid::check(problems)?)
    }

    /// Deletes a credential. Steps that use it fail until they are assigned another.
    ///
    /// # Errors
    /// `NotFound`, also for the credential of another organization and if the call is repeated.
    #[tracing::instrument(skip_all, fields(credential.id = %id))]
    pub async fn delete(&self, actor: &Actor, id: CredentialId) -> Result<()> {
        let scope = actor.scope(Action::Delete, Subject::Credential)?;
        let statement = credential::Entity::delete_within(scope).filter(credential::Column::Id.eq(id));
        let deleted = statement.exec(&self.stores.pg).await?;
        if deleted.rows_affected == 0 { Err(ServiceError::NotFound("credential")) } else { Ok(()) }
    }
}
