//! What steps log.

use sea_orm::{EntityTrait as _, Set};
use triptych_entities::{payloads::execution_event::ExecutionEvent, relational::automation::execution_log};

use super::{Claim, Executions};

impl Executions {
    /// Stores a line that a step logged, and announces it. A line that cannot be stored does not fail the step.
    pub async fn log(&self, claim: &Claim, level: execution_log::Level, message: &str) {
        let now = self.mint.now();
        let row = execution_log::ActiveModel {
            id: Set(self.mint.id()),
            organization_id: Set(claim.execution.organization_id),
            execution_id: Set(claim.execution.id),
            execution_step_id: Set(claim.row.id),
            level: Set(level),
            message: Set(message.to_owned()),
            created_at: Set(now),
        };
        if let Err(error) = execution_log::Entity::insert(row).exec_without_returning(&self.relaxed).await {
            tracing::warn!(%error, execution_step.id = %claim.row.id, "a step's log line was not stored");
        }
        let event = ExecutionEvent::StepLogged {
            step_key: claim.step.key.clone(),
            execution_step_id: claim.row.id,
            level,
            message: message.to_owned(),
            at: now,
        };
        self.announce(claim.execution.id, now, &[event]).await;
    }
}
