//! Mirrors the schedules in PostgreSQL to BullMQ's job schedulers.

use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use triptych_entities::{ids::FlowId, relational::automation::schedule};
use triptych_stores::{access::Scoped as _, error::Result, fetch::Fetch as _};

use super::Flows;

/// Schedules read in one statement.
const BATCH: u64 = 500;

impl Flows {
    /// Creates or updates the job schedulers of a flow's schedules. A job scheduler whose schedule was deleted is
    /// removed when it next fires.
    ///
    /// # Errors
    /// If a database does not answer; it may be repeated.
    pub async fn mirror_schedules(&self, flow: FlowId) -> Result<()> {
        let schedules = schedule::Entity::across_tenants()
            .filter(schedule::Column::FlowId.eq(flow))
            .fetch(&self.stores.pg)
            .await?;
        for schedule in &schedules {
            self.queues.upsert_scheduler(schedule).await?;
        }
        Ok(())
    }

    /// Mirrors every schedule: at start, and after Redis was emptied.
    ///
    /// # Errors
    /// If a database does not answer; it may be repeated.
    pub async fn mirror_all_schedules(&self) -> Result<()> {
        let mut after = None;
        loop {
            let mut query =
                schedule::Entity::across_tenants().order_by_asc(schedule::Column::Id).limit(BATCH);
            if let Some(id) = after {
                query = query.filter(schedule::Column::Id.gt(id));
            }
            let batch = query.fetch(&self.stores.pg).await?;
            for schedule in &batch {
                self.queues.upsert_scheduler(schedule).await?;
            }
            match batch.last() {
                Some(last) => after = Some(last.id),
                None => return Ok(()),
            }
        }
    }
}
