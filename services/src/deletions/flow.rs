//! Removes a deleted flow: cancels its executions, then removes them with their generations and streams, then its
//! versions, then the flow itself.
//!
//! Executions are locked in the order in which reports lock them, the execution before its steps, and a transaction that
//! waits for one holds no lock that a report waits for.

use sea_orm::{
    ColumnTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, Select,
};
use triptych_entities::{
    ids::{ExecutionId, FlowId, FlowVersionId},
    relational::{
        automation::{execution, flow, flow_version},
        deletion,
    },
};
use triptych_stores::{access::Scoped as _, error::Result, ids::IdColumn as _, live::Topic};

use super::{Remover, remover::Pace};

/// Executions that are cancelled in a round.
const CANCELED: u64 = 50;
/// Versions that are removed in a round, with all their steps.
const VERSIONS: u64 = 20;

impl Remover {
    /// Removes a batch. Repeating it after a crash continues.
    pub(super) async fn remove_flow(&self, deletion: &deletion::Model, batch: u64) -> Result<Pace> {
        let flow = FlowId(deletion.subject_id);
        if deletion.total.is_none() {
            self.count(deletion.id, executions_of(flow).count(&self.stores.pg).await?).await?;
            return Ok(Pace::Working);
        }
        if let Some(pace) = self.clear_flow(deletion, flow, batch).await? {
            return Ok(pace);
        }
        let Some(tx) = self.begin(deletion.id).await? else { return Ok(Pace::Waiting) };
        flow::Entity::delete_across_tenants().filter(flow::Column::Id.eq(flow)).exec(&tx).await?;
        self.finish(&tx, deletion.id).await?;
        tx.commit().await?;
        tracing::info!(deletion.id = %deletion.id, flow.id = %flow, "a deleted flow was removed");
        Ok(Pace::Working)
    }

    /// Removes a batch of what belongs to a flow. `None` if nothing is left but the flow, its draft and its published version.
    pub(super) async fn clear_flow(
        &self,
        deletion: &deletion::Model,
        flow: FlowId,
        batch: u64,
    ) -> Result<Option<Pace>> {
        if self.executions.cancel_of_flow(flow, CANCELED).await? > 0 {
            return Ok(Some(Pace::Working));
        }
        let ids: Vec<ExecutionId> = executions_of(flow)
            .select_only()
            .column(execution::Column::Id)
            .order_by_asc(execution::Column::Id)
            .limit(batch)
            .into_tuple()
            .all(&self.stores.pg)
            .await?;
        if !ids.is_empty() {
            return self.remove_executions(deletion, &ids).await.map(Some);
        }
        let versions = self.versions(flow).await?;
        if versions.is_empty() {
            return Ok(None);
        }
        let Some(tx) = self.begin(deletion.id).await? else { return Ok(Some(Pace::Waiting)) };
        let column = flow_version::Column::Id;
        flow_version::Entity::delete_across_tenants().filter(column.any_of(&versions)).exec(&tx).await?;
        tx.commit().await?;
        Ok(Some(Pace::Working))
    }

    async fn remove_executions(&self, deletion: &deletion::Model, ids: &[ExecutionId]) -> Result<Pace> {
        // First what only these rows lead to.
        self.generations.remove_of_executions(deletion.organization_id, ids).await?;
        let topics: Vec<Topic> = ids.iter().map(Topic::of).collect();
        self.executions.live().remove(&topics).await;
        let Some(tx) = self.begin(deletion.id).await? else { return Ok(Pace::Waiting) };
        let removed = execution::Entity::delete_across_tenants()
            .filter(execution::Column::Id.any_of(ids))
            .exec(&tx)
            .await?;
        self.progress(&tx, deletion.id, removed.rows_affected).await?;
        tx.commit().await?;
        Ok(Pace::Working)
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

fn executions_of(flow: FlowId) -> Select<execution::Entity> {
    execution::Entity::across_tenants().filter(execution::Column::FlowId.eq(flow))
}
