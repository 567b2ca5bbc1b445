//! BullMQ job schedulers, which mirror the schedules in PostgreSQL.

use bullmq::{JobOptions, error::error_code, job_scheduler::RepeatOptions};
use triptych_entities::{
    ids::{Id as _, ScheduleId},
    payloads::job::{Job, Queue},
    relational::automation::schedule,
};

use super::Queues;
use crate::error::StoreError;

impl Queues {
    /// Creates or replaces the scheduler of a schedule.
    ///
    /// # Errors
    /// If Redis does not answer.
    pub async fn upsert_scheduler(&self, schedule: &schedule::Model) -> Result<(), StoreError> {
        let repeat = RepeatOptions {
            pattern: schedule.cron.clone(),
            every: schedule.every_seconds.and_then(|s| u64::try_from(s).ok()).map(|s| s * 1000),
            tz: schedule.cron.as_ref().map(|_| schedule.timezone.clone()),
            ..RepeatOptions::default()
        };
        let job = Job::Fire { schedule_id: schedule.id };
        let options = JobOptions { job_id: None, ..Self::job_options() };
        let upserted = self
            .queue(Queue::Trigger)
            .upsert_job_scheduler(
                &schedule.id.uuid().to_string(),
                repeat,
                Some(job.name()),
                Some(serde_json::to_value(&job)?),
                Some(options),
            )
            .await;
        match upserted {
            // The next job of this scheduler is in the queue already, and schedules its successor.
            Err(bullmq::Error::Script {
                code: error_code::SCHEDULER_JOB_ID_COLLISION | error_code::SCHEDULER_JOB_SLOTS_BUSY,
                ..
            }) => Ok(()),
            other => Ok(other.map(|_| ())?),
        }
    }

    /// Removes the scheduler of a schedule.
    ///
    /// # Errors
    /// If Redis does not answer.
    pub async fn remove_scheduler(&self, schedule: ScheduleId) -> Result<(), StoreError> {
        self.queue(Queue::Trigger).remove_job_scheduler(&schedule.uuid().to_string()).await?;
        Ok(())
    }
}
