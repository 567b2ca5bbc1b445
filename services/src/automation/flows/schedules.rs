//! Schedules live in PostgreSQL; the queue's schedulers mirror them.

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use triptych_entities::{ids::FlowId, relational::automation::schedule};
use triptych_stores::error::Result;

use super::Flows;

/// Schedules mirrored at a time.
const BATCH: u64 = 500;

impl Flows {
    /// Makes the schedulers of a flow follow its schedules. Schedulers of schedules that are gone remove
    /// themselves when they next fire.
    ///
    /// # Errors
    /// If a database does not answer; it may be repeated.
    pub async fn mirror_schedules(&self, flow: FlowId) -> Result<()> {
        let schedules =
            schedule::Entity::find().filter(schedule::Column::FlowId.eq(flow)).all(&self.stores.pg).await?;
        for schedule in &schedules {
            self.queues.upsert_scheduler(schedule).await?;
        }
        Ok(())
    }

    /// Mirrors every schedule there is: at start, and after Redis was emptied.
    ///
    /// # Errors
    /// If a database does not answer; it may be repeated.
    pub async fn mirror_all_schedules(&self) -> Result<()> {
        let mut after = None;
        loop {
            let mut query = schedule::Entity::find().order_by_asc(schedule::Column::Id).limit(BATCH);
            if let Some(id) = after {
                query = query.filter(schedule::Column::Id.gt(id));
            }
            let batch = query.all(&self.stores.pg).await?;
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
