//! Values that flows store between runs, in one namespace per organization and one per flow.

use sea_orm::{ColumnTrait as _, ConnectionTrait as _, QueryFilter as _, Statement};
use serde_json::Value;
use triptych_entities::{
    ids::{DatastoreItemId, FlowId, OrganizationId},
    relational::automation::datastore_item as item,
};
use triptych_stores::{
    access::{Scope, Scoped as _},
    clock::Clock,
    connections::Stores,
    error::StoreError,
};

/// The namespace of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Namespace {
    Organization,
    Flow(FlowId),
}

impl Namespace {
    fn flow(self) -> Option<FlowId> {
        match self {
            Self::Organization => None,
            Self::Flow(id) => Some(id),
        }
    }
}

/// Reads and writes stored values for running steps.
#[derive(Clone)]
pub struct Datastore {
    stores: Stores,
    clock: Clock,
}

impl Datastore {
    pub(crate) fn new(stores: Stores, clock: Clock) -> Self {
        Self { stores, clock }
    }

    /// Reads a value; `None` if there is none under the key.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub async fn get(
        &self,
        organization: OrganizationId,
        namespace: Namespace,
        key: &str,
    ) -> Result<Option<Value>, StoreError> {
        let whole = Scope::whole(organization);
        let query = item::Entity::within(whole).filter(item::Column::Key.eq(key));
        let query = match namespace.flow() {
            Some(flow) => query.filter(item::Column::FlowId.eq(flow)),
            None => query.filter(item::Column::FlowId.is_null()),
        };
        Ok(query.one(&self.stores.pg).await?.map(|row| row.value))
    }

    /// Creates or replaces a value, in one statement.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub async fn set(
        &self,
        organization: OrganizationId,
        namespace: Namespace,
        key: &str,
        value: Value,
    ) -> Result<(), StoreError> {
        // Each namespace has its own partial unique index, which the conflict clause has to name.
        let target = match namespace {
            Namespace::Organization => "(organization_id, key) WHERE flow_id IS NULL",
            Namespace::Flow(_) => "(flow_id, key) WHERE flow_id IS NOT NULL",
        };
        let sql = format!(
            "INSERT INTO datastore_items (id, organization_id, flow_id, key, value, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $6)
             ON CONFLICT {target} DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at"
        );
        let id: DatastoreItemId = self.clock.new_id();
        self.stores
            .pg
            .execute_raw(Statement::from_sql_and_values(
                self.stores.pg.get_database_backend(),
                sql,
                [
                    id.into(),
                    organization.into(),
                    namespace.flow().into(),
                    key.into(),
                    value.into(),
                    self.clock.now().into(),
                ],
            ))
            .await?;
        Ok(())
    }
}
