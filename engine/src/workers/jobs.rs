//! Dispatches each job to its service. All calls are idempotent, so a job that is delivered twice has no effect the
//! second time.

use chrono::{DateTime, Utc};
use serde_json::Value;
use triptych_entities::{ids::ScheduleId, payloads::job::Job};
use triptych_services::{
    Services,
    error::{Coded, ServiceError},
};

use crate::{automation::flows::Runtime, conversations::generations::Generator};

/// Runs jobs.
#[derive(Clone)]
pub(super) struct Jobs {
    pub(super) services: Services,
    pub(super) runtime: Runtime,
    pub(super) generator: Generator,
}

impl Jobs {
    pub(super) async fn run(&self, job: &bullmq::Job) -> Result<Value, bullmq::Error> {
        let payload: Job = serde_json::from_value(job.data().clone())
            .map_err(|error| bullmq::Error::Unrecoverable(format!("unknown job: {error}")))?;
        match payload {
            Job::Begin { execution_id } | Job::Advance { execution_id } => {
                self.services.executions.advance(execution_id).await.map_err(|error| retry(job, &error))?;
            }
            Job::Step { execution_step_id } => {
                self.runtime.run_step(execution_step_id).await.map_err(|error| retry(job, &error))?;
            }
            Job::Generate { generation_id } => {
                self.generator.run(generation_id).await.map_err(|error| retry(job, &error))?;
            }
            Job::MirrorSchedules { flow_id } => {
                self.services.flows.mirror_schedules(flow_id).await.map_err(|error| retry(job, &error))?;
            }
            Job::Fire { schedule_id } => {
                self.fire(schedule_id, due(job)?).await.map_err(|error| retry(job, &error))?;
            }
        }
        Ok(Value::Null)
    }

    async fn fire(&self, schedule: ScheduleId, due: DateTime<Utc>) -> Result<(), ServiceError> {
        let exists = self.services.executions.fire(schedule, due).await?;
        if !exists {
            self.services.queues.remove_scheduler(schedule).await?;
        }
        Ok(())
    }
}

/// The due time of a job of a scheduler: the time at which BullMQ created it, plus its initial delay. Neither depends
/// on when or how often the job is delivered; [`bullmq::Job::delay`] is zero by then.
fn due(job: &bullmq::Job) -> Result<DateTime<Utc>, bullmq::Error> {
    let millis = job.timestamp().saturating_add(job.opts().delay.unwrap_or_default());
    let due = i64::try_from(millis).ok().and_then(DateTime::from_timestamp_millis);
    due.ok_or_else(|| bullmq::Error::Unrecoverable(format!("the due time {millis} ms is out of range")))
}

/// The error with which BullMQ retries the job, with exponential back-off. The reconciler enqueues unfinished work
/// whose job has used all of its attempts.
fn retry(job: &bullmq::Job, error: &dyn Coded) -> bullmq::Error {
    tracing::warn!(%error, job.id = job.id(), job.name = job.name(), "a job failed, retrying");
    bullmq::Error::ProcessingError(error.code().as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    /// A job as BullMQ's scripts store the next one of a scheduler, after it was moved from delayed to waiting.
    fn scheduled(timestamp: &str, opts: &str) -> bullmq::Job {
        let fields =
            [("name", "fire"), ("data", "{}"), ("timestamp", timestamp), ("delay", "0"), ("opts", opts)];
        let fields: HashMap<String, String> =
            fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        bullmq::Job::from_redis_hash("repeat:schedule:1", &fields).unwrap()
    }

    #[test]
    fn a_firing_is_due_at_its_planned_time() {
        let opts = r#"{"delay":4000,"attempts":10,"backoff":{"type":"exponential","delay":500},
            "repeat":{"count":2,"every":5000},"removeOnComplete":{"count":1000},"jobId":"repeat:schedule:1"}"#;
        let due = due(&scheduled("1767258001000", opts)).unwrap();
        assert_eq!(due.to_rfc3339(), "2026-01-01T09:00:05+00:00");
    }

    #[test]
    fn a_firing_without_a_delay_is_due_at_its_creation() {
        let due = due(&scheduled("1767258000000", "{}")).unwrap();
        assert_eq!(due.to_rfc3339(), "2026-01-01T09:00:00+00:00");
    }

    #[test]
    fn a_time_out_of_range_is_not_retryable() {
        let error = due(&scheduled("18446744073709551615", "{}")).unwrap_err();
        assert!(matches!(error, bullmq::Error::Unrecoverable(_)), "{error}");
    }
}
