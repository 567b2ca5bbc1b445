//! BullMQ job schedulers, with which earlier versions fired schedules.

use triptych_entities::payloads::job::Queue;

use super::Queues;
use crate::error::StoreError;

impl Queues {
    /// Removes a job scheduler.
    ///
    /// # Errors
    /// If Redis does not answer.
    pub async fn remove_scheduler(&self, id: &str) -> Result<(), StoreError> {
        self.queue(Queue::Trigger).remove_job_scheduler(id).await?;
        Ok(())
    }
}
