//! Credentials of integrations: sealed on the way in, opened only for the step that uses them, never returned.

mod seal;

use std::sync::Arc;

use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, Select, Set,
};
pub use seal::{Key, Keyring, SealError, Sealed};
use serde_json::Value;
use triptych_entities::{
    ids::{CredentialId, FlowId, OrganizationId},
    relational::automation::{credential, flow},
};
use triptych_stores::{
    access::{Action, Actor, Subject},
    connections::Stores,
    error::{Code, Coded, Denied, Invalid, Problem, StoreError},
    mint::Mint,
    page::{Page, Window},
};

use crate::automation::{flows::parameters, integrations::Catalog};

#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    #[error("no such credential")]
    NotFound,
    #[error(transparent)]
    Invalid(#[from] Invalid),
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sea_orm::DbErr> for CredentialError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Store(error.into())
    }
}

impl Coded for CredentialError {
    fn code(&self) -> Code {
        match self {
            Self::NotFound => Code::NotFound,
            Self::Invalid(_) => Code::BadUserInput,
            Self::Denied(denied) => denied.code(),
            Self::Seal(_) => Code::Internal,
            Self::Store(error) => error.code(),
        }
    }

    fn problems(&self) -> &[Problem] {
        match self {
            Self::Invalid(invalid) => invalid.problems(),
            _ => &[],
        }
    }
}

/// A credential to be.
#[derive(Debug, Clone)]
pub struct NewCredential {
    pub integration: String,
    pub name: String,
    /// The secret fields that the integration asks for.
    pub fields: Value,
    /// Keep it with one flow; it goes when the flow goes.
    pub flow_id: Option<FlowId>,
}

/// Keeps credentials.
#[derive(Clone)]
pub struct Credentials {
    stores: Stores,
    mint: Mint,
    keyring: Arc<Keyring>,
    catalog: Arc<Catalog>,
}

impl Credentials {
    pub(crate) fn new(stores: Stores, mint: Mint, keyring: Arc<Keyring>, catalog: Arc<Catalog>) -> Self {
        Self { stores, mint, keyring, catalog }
    }

    /// Seals and stores a credential. Repeating it makes another.
    ///
    /// # Errors
    /// `Invalid` with each wrong field.
    #[tracing::instrument(skip_all)]
    pub async fn create(
        &self,
        actor: &Actor,
        input: NewCredential,
    ) -> Result<credential::Model, CredentialError> {
        actor.require(Action::Create, Subject::Credential)?;
        self.check(actor, &input).await?;
        let id: CredentialId = self.mint.id();
        let plain = serde_json::to_vec(&input.fields).map_err(StoreError::from)?;
        let sealed =
            self.keyring.seal(self.mint.bytes(), record(actor.organization, id).as_bytes(), &plain)?;
        let now = self.mint.now();
        Ok(credential::ActiveModel {
            id: Set(id),
            organization_id: Set(actor.organization),
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

    async fn check(&self, actor: &Actor, input: &NewCredential) -> Result<(), CredentialError> {
        let mut problems = Vec::new();
        if !(1..=120).contains(&input.name.trim().chars().count()) {
            problems.push(Problem::new("name", "must have 1 to 120 characters"));
        }
        match self.catalog.integration(&input.integration).map(|known| &known.credential) {
            None => problems.push(Problem::new("integration", "there is no such integration")),
            Some(None) => problems.push(Problem::new("integration", "this integration takes no credential")),
            Some(Some(kind)) => problems.extend(parameters::check(&kind.fields, &input.fields, "fields")),
        }
        if let Some(flow) = input.flow_id {
            let found = flow::Entity::find_by_id(flow)
                .filter(flow::Column::OrganizationId.eq(actor.organization))
                .one(&self.stores.pg)
                .await?;
            if found.is_none() {
                return Err(CredentialError::NotFound);
            }
        }
        Ok(Invalid::check(problems)?)
    }

    /// A page of the organization's credentials, newest first, without their secrets.
    ///
    /// # Errors
    /// `Denied`, or if PostgreSQL does not answer.
    pub async fn list(
        &self,
        actor: &Actor,
        integration: Option<&str>,
        window: &Window<uuid::Uuid>,
    ) -> Result<Page<credential::Model>, CredentialError> {
        actor.require(Action::Read, Subject::Credential)?;
        let mut query = visible(actor, integration);
        if let Some(after) = window.after {
            query = query.filter(credential::Column::Id.lt(after));
        }
        if let Some(before) = window.before {
            query = query.filter(credential::Column::Id.gt(before));
        }
        let direction = if window.backward { sea_orm::Order::Asc } else { sea_orm::Order::Desc };
        let rows = query
            .order_by(credential::Column::Id, direction)
            .limit(window.fetch())
            .all(&self.stores.pg)
            .await?;
        Ok(Page::from_fetched(window, rows))
    }

    /// How many there are.
    ///
    /// # Errors
    /// `Denied`, or if PostgreSQL does not answer.
    pub async fn count(&self, actor: &Actor, integration: Option<&str>) -> Result<u64, CredentialError> {
        actor.require(Action::Read, Subject::Credential)?;
        Ok(visible(actor, integration).count(&self.stores.pg).await?)
    }

    /// Deletes a credential. Steps that used it have none then, and fail until they are given another.
    ///
    /// # Errors
    /// `NotFound` also for another organization's credential, and when it is repeated.
    #[tracing::instrument(skip_all, fields(credential.id = %id))]
    pub async fn delete(&self, actor: &Actor, id: CredentialId) -> Result<(), CredentialError> {
        let reach = actor.require(Action::Delete, Subject::Credential)?;
        let mut statement = credential::Entity::delete_many()
            .filter(credential::Column::Id.eq(id))
            .filter(credential::Column::OrganizationId.eq(actor.organization));
        if let Some(owner) = reach.owner() {
            statement = statement.filter(credential::Column::OwnerId.eq(owner));
        }
        let deleted = statement.exec(&self.stores.pg).await?;
        if deleted.rows_affected == 0 { Err(CredentialError::NotFound) } else { Ok(()) }
    }

    /// The secret fields, for the step that runs with them.
    ///
    /// # Errors
    /// `NotFound` when it was deleted meanwhile, `Seal` when its key is not configured any more.
    pub async fn open(
        &self,
        organization: OrganizationId,
        id: CredentialId,
    ) -> Result<Value, CredentialError> {
        let row = credential::Entity::find_by_id(id)
            .filter(credential::Column::OrganizationId.eq(organization))
            .one(&self.stores.pg)
            .await?
            .ok_or(CredentialError::NotFound)?;
        let sealed = Sealed { key_id: row.key_id, bytes: row.sealed };
        let plain = self.keyring.open(record(organization, id).as_bytes(), &sealed)?;
        Ok(serde_json::from_slice(&plain).map_err(StoreError::from)?)
    }

    /// Seals everything that a former key sealed with the current key, and says how many those were. May be
    /// interrupted and repeated.
    ///
    /// # Errors
    /// At the first record that cannot be opened.
    pub async fn rotate(&self) -> Result<usize, CredentialError> {
        let mut rotated = 0;
        loop {
            let rows = credential::Entity::find()
                .filter(credential::Column::KeyId.ne(self.keyring.current()))
                .limit(200)
                .all(&self.stores.pg)
                .await?;
            if rows.is_empty() {
                return Ok(rotated);
            }
            for row in rows {
                let record = record(row.organization_id, row.id);
                let former = Sealed { key_id: row.key_id.clone(), bytes: row.sealed.clone() };
                let plain = self.keyring.open(record.as_bytes(), &former)?;
                let sealed = self.keyring.seal(self.mint.bytes(), record.as_bytes(), &plain)?;
                // Only if nobody has sealed it anew meanwhile.
                credential::Entity::update_many()
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

fn visible(actor: &Actor, integration: Option<&str>) -> Select<credential::Entity> {
    let query = credential::Entity::find().filter(credential::Column::OrganizationId.eq(actor.organization));
    match integration {
        Some(integration) => query.filter(credential::Column::Integration.eq(integration)),
        None => query,
    }
}

/// What a sealed value is bound to.
fn record(organization: OrganizationId, id: CredentialId) -> String {
    format!("{organization}/{id}")
}
