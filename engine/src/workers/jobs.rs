//! From a job to the verb that does it. Every verb may be repeated, so a job that comes twice does nothing twice.

use chrono::{DateTime, Utc};
use serde_json::Value;
use triptych_entities::{ids::ScheduleId, payloads::job::Job};
use triptych_services::{Services, error::Coded};

use crate::{automation::flows::Runtime, conversations::generations::Generator};

/// Does jobs.
#[derive(Clone)]
pub(super) struct Jobs {
    pub(super) services: Services,
    pub(super) runtime: Runtime,
    pub(super) generator: Generator,
}

impl Jobs {
    pub(super) async fn run(&self, job: &bullmq::Job) -> Result<Value, bullmq::Error> {
        let asked: Job = serde_json::from_value(job.data().clone())
            .map_err(|error| bullmq::Error::Unrecoverable(format!("not a job of ours: {error}")))?;
        match asked {
            Job::Begin { execution_id } | Job::Advance { execution_id } => {
                self.services.executions.advance(execution_id).await.map_err(again)?;
            }
            Job::Step { execution_step_id } => {
                self.runtime.run_step(execution_step_id).await.map_err(again)?;
            }
            Job::Generate { generation_id } => {
                self.generator.run(generation_id).await.map_err(again)?;
            }
            Job::MirrorSchedules { flow_id } => {
                self.services.flows.mirror_schedules(flow_id).await.map_err(again)?;
            }
            Job::Fire { schedule_id } => self.fire(schedule_id, due(job)).await?,
        }
        Ok(Value::Null)
    }

    async fn fire(&self, schedule: ScheduleId, due: DateTime<Utc>) -> Result<(), bullmq::Error> {
        let exists = self.services.executions.fire(schedule, due).await.map_err(again)?;
        if !exists {
            self.services.queues.remove_scheduler(schedule).await.map_err(again)?;
        }
        Ok(())
    }
}

/// When a scheduler's job was due. Its id ends in the time, which is the same however late or often it comes.
fn due(job: &bullmq::Job) -> DateTime<Utc> {
    let millis = job.id().rsplit(':').next().and_then(|millis| millis.parse::<i64>().ok());
    let millis = millis.unwrap_or_else(|| i64::try_from(job.timestamp() + job.delay()).unwrap_or_default());
    DateTime::from_timestamp_millis(millis).unwrap_or_default()
}

/// BullMQ tries such a job again, ever more slowly. The job may be lost in the end; what it is for is not: it is
/// found and owed a job again.
fn again(error: impl Coded) -> bullmq::Error {
    tracing::warn!(%error, "a job could not be done");
    bullmq::Error::ProcessingError(error.code().as_str().to_owned())
}
