//! Starts flows for the times of their schedules.

use sea_orm::{ColumnTrait as _, ModelTrait as _, QueryFilter as _};
use serde_json::json;
use triptych_entities::{
    ids::ScheduleFiringId,
    relational::automation::{execution, flow, schedule, schedule_firing},
};
use triptych_stores::{
    access::Scoped as _,
    error::{Code, Coded as _, Result},
};

use super::{Executions, accept::NewExecution};

impl Executions {
    /// Starts the flow of a schedule for a planned time. Each time of a version starts one execution, however often it is
    /// announced. Does nothing if the schedule does not exist any more, or if the flow was started.
    ///
    /// # Errors
    /// If PostgreSQL does not answer; it may be repeated. The firing is kept until the flow was started.
    #[tracing::instrument(skip_all, fields(firing.id = %id))]
    pub async fn fire(&self, id: ScheduleFiringId) -> Result<()> {
        let found = schedule_firing::Entity::across_tenants()
            .filter(schedule_firing::Column::Id.eq(id))
            .find_also_related(schedule::Entity)
            .one(&self.stores.work)
            .await?;
        let Some((firing, Some(schedule))) = found else { return Ok(()) };
        let flow = flow::Entity::across_tenants()
            .filter(flow::Column::Id.eq(schedule.flow_id))
            .filter(flow::Column::Status.eq(flow::Status::Published))
            .one(&self.stores.work)
            .await?;
        if let Some(flow) = flow {
            let due = firing.due_at;
            let new = NewExecution {
                flow,
                version: schedule.version_id,
                source: execution::Source::Schedule,
                test: false,
                trigger: json!({ "firedAt": due }),
                client_id: None,
                firing: Some(firing.clone()),
            };
            match self.insert(new).await {
                Ok(Some(_)) => return Ok(()),
                // It has an execution.
                Ok(None) => {}
                // The quota is not available again before the next firings.
                Err(error) if error.code() == Code::LimitExceeded => {
                    tracing::warn!(%error, schedule.id = %schedule.id, %due, "a firing of a schedule was skipped");
                }
                Err(error) => return Err(error),
            }
        }
        firing.delete(&self.stores.work).await?;
        Ok(())
    }
}
