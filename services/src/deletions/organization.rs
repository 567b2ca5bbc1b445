//! Removes what belonged to a deleted organization: its flows with their executions, its documents and their streams,
//! its rows, and the organization.

use mongodb::bson::doc;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DbBackend, EntityTrait as _, PaginatorTrait as _,
    QueryFilter as _, QuerySelect as _, Statement,
};
use triptych_entities::{
    documents::COLLECTIONS,
    ids::{FlowId, OrganizationId},
    relational::{
        automation::{execution, flow},
        deletion,
        identity::{invitation, membership, organization},
    },
};
use triptych_stores::{
    access::{Scope, Scoped as _},
    error::{Result, StoreError},
};

use super::{Remover, remover::Pace};

/// Tables of which an organization can have many rows, besides executions and what belongs to them; with a condition that
/// excludes the rows that outlive it. The few rows of the others are removed with the organization.
const LARGE_TABLES: [(&str, &str); 6] = [
    ("audit_events", "true"),
    ("datastore_items", "true"),
    ("deletions", "subject IN ('FLOW', 'THREAD')"),
    ("outbox", "true"),
    ("schedule_firings", "true"),
    ("usage_counters", "true"),
];

impl Remover {
    /// Removes a batch. Repeating it after a crash continues.
    pub(super) async fn remove_organization(&self, deletion: &deletion::Model, batch: u64) -> Result<Pace> {
        let organization = OrganizationId(deletion.subject_id);
        if deletion.total.is_none() {
            self.count(deletion.id, self.size_of(organization).await?).await?;
            return Ok(Pace::Working);
        }
        if let Some(flow) = self.some_flow(organization).await? {
            return self.remove_flow_of(deletion, flow, batch).await;
        }
        if !self.generations.stop_of_organization(organization).await? {
            return Ok(Pace::Waiting);
        }
        let documents = self.remove_documents(organization, batch).await?;
        if documents > 0 {
            self.progress(&self.stores.pg, deletion.id, documents).await?;
            return Ok(Pace::Working);
        }
        if self.remove_rows(organization, batch).await? > 0 {
            return Ok(Pace::Working);
        }
        // Only a request that was authenticated before can have written what is found after this time.
        if self.pauses_until_settled(deletion).await? {
            return Ok(Pace::Waiting);
        }
        let Some(tx) = self.begin(deletion.id).await? else { return Ok(Pace::Waiting) };
        let whole = Scope::whole(organization);
        // They refer to roles, which cannot be removed before.
        invitation::Entity::delete_within(whole).exec(&tx).await?;
        membership::Entity::delete_within(whole).exec(&tx).await?;
        organization::Entity::delete_by_id(organization).exec(&tx).await?;
        self.finish(&tx, deletion.id).await?;
        tx.commit().await?;
        tracing::info!(deletion.id = %deletion.id, organization.id = %organization, "a deleted organization was removed");
        Ok(Pace::Working)
    }

    /// The number of executions and documents.
    async fn size_of(&self, organization: OrganizationId) -> Result<u64> {
        let executions = execution::Entity::within(Scope::whole(organization));
        let mut total = executions.count(&self.stores.pg).await?;
        for collection in COLLECTIONS {
            let filter = doc! { "organizationId": organization };
            total += self.stores.count_across_tenants(collection, filter).await?;
        }
        Ok(total)
    }

    async fn some_flow(&self, organization: OrganizationId) -> Result<Option<FlowId>> {
        let flows = flow::Entity::within(Scope::whole(organization));
        let ids = flows.select_only().column(flow::Column::Id).into_tuple();
        Ok(ids.one(&self.stores.pg).await?)
    }

    async fn remove_flow_of(&self, deletion: &deletion::Model, flow: FlowId, batch: u64) -> Result<Pace> {
        if let Some(pace) = self.clear_flow(deletion, flow, batch).await? {
            return Ok(pace);
        }
        let Some(tx) = self.begin(deletion.id).await? else { return Ok(Pace::Waiting) };
        flow::Entity::delete_across_tenants().filter(flow::Column::Id.eq(flow)).exec(&tx).await?;
        tx.commit().await?;
        Ok(Pace::Working)
    }

    async fn remove_documents(&self, organization: OrganizationId, batch: u64) -> Result<u64, StoreError> {
        // First the streams, to which only the documents of generations lead.
        let generations = self.generations.remove_of_organization(organization, batch).await?;
        if generations > 0 {
            return Ok(generations);
        }
        for collection in COLLECTIONS {
            let filter = doc! { "organizationId": organization };
            let removed = self.stores.remove_across_tenants(collection, filter, batch).await?;
            if removed > 0 {
                return Ok(removed);
            }
        }
        Ok(0)
    }

    async fn remove_rows(&self, organization: OrganizationId, batch: u64) -> Result<u64> {
        let mut removed = 0;
        for (table, condition) in LARGE_TABLES {
            let sql = format!(
                "DELETE FROM {table} WHERE ctid = ANY(ARRAY(
                     SELECT ctid FROM {table} WHERE organization_id = $1 AND {condition} LIMIT $2))"
            );
            let limit = i64::try_from(batch).unwrap_or(i64::MAX);
            let values = [organization.into(), limit.into()];
            let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
            removed += self.stores.pg.execute_raw(statement).await?.rows_affected();
        }
        Ok(removed)
    }
}
