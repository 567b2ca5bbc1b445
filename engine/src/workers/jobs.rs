//! Dispatches each job to its service. All calls are idempotent, so a job that is delivered twice has no effect the
//! second time.

use std::time::Duration;

use serde_json::Value;
use triptych_entities::{
    ids::OrganizationId,
    payloads::job::{Job, ORGANIZATION},
};
use triptych_services::{
    Services,
    clock::Clock,
    error::{Code, Coded},
    tasks::caught,
};

use super::fairness::Fairness;
use crate::{automation::flows::Runtime, conversations::generations::Generator};

/// Runs jobs.
#[derive(Clone)]
pub(super) struct Jobs {
    pub(super) services: Services,
    pub(super) runtime: Runtime,
    pub(super) generator: Generator,
}

impl Jobs {
    /// Runs a job in a slot of its organization, or delays it until there is one.
    pub(super) async fn run_in_slot(
        &self,
        job: &bullmq::Job,
        fairness: &Fairness,
    ) -> Result<Value, bullmq::Error> {
        let Some(organization) = self.organization(job).await? else { return self.run_caught(job).await };
        let slot = fairness.enter(organization, job).await?;
        let result = self.run_caught(job).await;
        fairness.leave(slot).await;
        result
    }

    /// `None` for a job whose subject was deleted, and for jobs of earlier versions.
    async fn organization(&self, job: &bullmq::Job) -> Result<Option<OrganizationId>, bullmq::Error> {
        if let Some(id) = job.data().get(ORGANIZATION) {
            return Ok(serde_json::from_value(id.clone()).ok());
        }
        match serde_json::from_value(job.data().clone()) {
            Ok(Job::Generate { generation_id }) => {
                let found = self.services.generations.organization(generation_id).await;
                found.map_err(|error| retry(job, &error))
            }
            _ => Ok(None),
        }
    }

    /// Runs a job. A panic fails it, as BullMQ holds a job whose processor panics for as long as the process runs.
    async fn run_caught(&self, job: &bullmq::Job) -> Result<Value, bullmq::Error> {
        caught(self.run(job)).await.unwrap_or_else(|error| {
            tracing::error!(%error, job.id = job.id(), job.name = job.name(), "a job failed, retrying");
            Err(bullmq::Error::ProcessingError(Code::Internal.as_str().to_owned()))
        })
    }

    async fn run(&self, job: &bullmq::Job) -> Result<Value, bullmq::Error> {
        if let Some(scheduler) = job.repeat_job_key() {
            // Of an earlier version. Its schedule is in PostgreSQL.
            self.services.queues.remove_scheduler(scheduler).await.map_err(|error| retry(job, &error))?;
            return Ok(Value::Null);
        }
        let payload: Job = serde_json::from_value(job.data().clone())
            .map_err(|error| bullmq::Error::Unrecoverable(format!("unknown job: {error}")))?;
        match payload {
            Job::Begin { execution_id }
            | Job::BeginScheduled { execution_id }
            | Job::Advance { execution_id } => {
                self.services.executions.advance(execution_id).await.map_err(|error| retry(job, &error))?;
            }
            Job::StopGenerations { execution_id } => {
                let stopped = self.services.generations.stop_of_execution(execution_id).await;
                stopped.map_err(|error| retry(job, &error))?;
            }
            Job::Step { execution_step_id } => {
                let early =
                    self.runtime.run_step(execution_step_id).await.map_err(|error| retry(job, &error))?;
                if let Some(early) = early {
                    return Err(come_again(job, early).await);
                }
            }
            Job::Generate { generation_id } => {
                self.generator.run(generation_id).await.map_err(|error| retry(job, &error))?;
            }
            Job::Fire { firing_id } => {
                self.services.executions.fire(firing_id).await.map_err(|error| retry(job, &error))?;
            }
        }
        Ok(Value::Null)
    }
}

/// Delays a job that came before its time, as the clocks of machines differ. Returns the result that BullMQ expects then.
async fn come_again(job: &bullmq::Job, after: Duration) -> bullmq::Error {
    // BullMQ uses the clock of this machine.
    let due = Clock::system().now() + after;
    let due = u64::try_from(due.timestamp_millis()).unwrap_or_default();
    match job.move_to_delayed(due).await {
        Ok(()) => bullmq::Error::Delayed,
        Err(error) => error,
    }
}

/// The error with which BullMQ retries the job, with exponential back-off. The reconciler enqueues unfinished work
/// whose job has used all of its attempts.
fn retry(job: &bullmq::Job, error: &dyn Coded) -> bullmq::Error {
    tracing::warn!(%error, job.id = job.id(), job.name = job.name(), "a job failed, retrying");
    bullmq::Error::ProcessingError(error.code().as_str().to_owned())
}
