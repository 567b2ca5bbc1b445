//! Removes a deleted flow: cancels its executions, then removes them with their generations and streams, then its
//! versions, then the flow itself.
//!
//! Executions are locked in the order in which reports lock them, the execution before its steps, and a transaction that
//! waits for one holds no lock that a report waits for.

use sea_orm::{ColumnTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use triptych_entities::{
    ids::{ExecutionId, FlowId, FlowVersionId},
    relational::{
        automation::{execution, flow, flow_version},
        deletion,
    },
};
use triptych_stores::{access::Scoped as _, error::Result, ids::IdColumn as _, live::Topic};

use super::Remover;

/// Executions that are cancelled in a round.
const CANCELED: u64 = 50;
/// Versions that are removed in a round, with all their steps.
const VERSIONS: u64 = 20;

impl Remover {
    /// Removes a batch. Repeating it after a crash continues.
    pub(super) async fn remove_flow(&self, deletion: &deletion::Model, batch: u64) -> Result<()> {
        let flow = FlowId(deletion.subject_id);
        let executions = execution::Entity::across_tenants().filter(execution::Column::FlowId.eq(flow));
        if deletion.total.is_none() {
            return self.count(deletion.id, executions.count(&self.stores.pg).await?).await;
        }
        if self.executions.cancel_of_flow(flow, CANCELED).await? > 0 {
            return Ok(());
        }
        let ids: Vec<ExecutionId> = executions
            .select_only()
            .column(execution::Column::Id)
            .order_by_asc(execution::Column::Id)
            .limit(batch)
            .into_tuple()
            .all(&self.stores.pg)
            .await?;
        if !ids.is_empty() {
            return self.remove_executions(deletion, &ids).await;
        }
        let versions = self.versions(flow).await?;
        let tx = self.stores.pg.begin().await?;
        if !self.lock(&tx, deletion.id).await? {
            return Ok(());
        }
        if versions.is_empty() {
            flow::Entity::delete_across_tenants().filter(flow::Column::Id.eq(flow)).exec(&tx).await?;
            self.finish(&tx, deletion.id).await?;
            tracing::info!(deletion.id = %deletion.id, flow.id = %flow, "a deleted flow was removed");
        } else {
            let column = flow_version::Column::Id;
            flow_version::Entity::delete_across_tenants().filter(column.any_of(&versions)).exec(&tx).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    async fn remove_executions(&self, deletion: &deletion::Model, ids: &[ExecutionId]) -> Result<()> {
        // First what only these rows lead to.
        self.generations.remove_of_executions(deletion.organization_id, ids).await?;
        let topics: Vec<Topic> = ids.iter().map(Topic::of).collect();
        self.executions.live().remove(&topics).await;
        let tx = self.stores.pg.begin().await?;
        if !self.lock(&tx, deletion.id).await? {
            return Ok(());
        }
        let removed = execution::Entity::delete_across_tenants()
            .filter(execution::Column::Id.any_of(ids))
            .exec(&tx)
            .await?;
        self.progress(&tx, deletion.id, removed.rows_affected).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Some of the versions to which the flow itself does not refer.
    async fn versions(&self, flow: FlowId) -> Result<Vec<FlowVersionId>> {
        let found =
            flow::Entity::across_tenants().filter(flow::Column::Id.eq(flow)).one(&self.stores.pg).await?;
        let Some(found) = found else { return Ok(Vec::new()) };
        let kept = [Some(found.draft_version_id), found.published_version_id];
        let versions = flow_version::Entity::across_tenants()
            .filter(flow_version::Column::FlowId.eq(flow))
            .filter(flow_version::Column::Id.is_not_in(kept.into_iter().flatten()))
            .select_only()
            .column(flow_version::Column::Id)
            .limit(VERSIONS);
        Ok(versions.into_tuple().all(&self.stores.pg).await?)
    }
}
