//! The job of the `action` queue: claims a step, runs it, reports the result.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures::FutureExt as _;
use triptych_entities::{failure::Failure, ids::ExecutionStepId, relational::automation::step};
use triptych_services::{
    automation::{
        executions::{Claim, MAX_LOST_CLAIMS, Outcome, Report},
        flows::RetryPolicy,
    },
    error::{INTERNAL, ServiceError},
};

use super::{
    Runtime,
    attempt::{Attempt, Ended},
};
use crate::automation::integrations::ActionError;

/// Time limit of an attempt, unless the step has its own.
const TIME_LIMIT: Duration = Duration::from_secs(330);
/// Time limit of an attempt that calls a model.
const AI_TIME_LIMIT: Duration = Duration::from_mins(15);
/// Attempts to store a report before the lease is left to expire.
const REPORT_ATTEMPTS: u32 = 5;

impl Runtime {
    /// Runs the next attempt of a queued step, or ends a waiting step that is due. Returns the time until the step is
    /// due, if it is not. Idempotent.
    ///
    /// # Errors
    /// If a database does not answer; the job should be retried.
    #[tracing::instrument(skip_all, fields(execution_step.id = %id))]
    pub async fn run_step(&self, id: ExecutionStepId) -> Result<Option<Duration>, ServiceError> {
        let executions = &self.services.executions;
        match executions.claim(id, self.worker).await? {
            Some(claim) => self.run_claimed(id, claim).await.map(|()| None),
            None => executions.resume(id).await,
        }
    }

    async fn run_claimed(&self, id: ExecutionStepId, claim: Claim) -> Result<(), ServiceError> {
        let hold = self.leases.hold(id);
        if claim.row.lost_claims >= MAX_LOST_CLAIMS {
            tracing::error!(execution_step.id = %id, step.key = claim.step.key, "a step is given up, as each of its last attempts ended with its worker");
            let message =
                format!("{MAX_LOST_CLAIMS} attempts ended with their worker, and the step may be the cause");
            let given_up = Attempt::failed(ActionError::permanent("CRASHED", message));
            return self.store(&claim, given_up, &RetryPolicy::default()).await;
        }
        let policy = match RetryPolicy::of(&claim.step) {
            Ok(policy) => policy,
            Err(error) => {
                tracing::error!(%error, execution_step.id = %id, step.key = claim.step.key, "the retry policy of a step is invalid");
                let broken =
                    ActionError::permanent("CORRUPT", "the stored retry policy of the step cannot be read");
                return self.store(&claim, Attempt::failed(broken), &RetryPolicy::default()).await;
            }
        };
        let attempt = tokio::select! {
            attempt = self.limited(&claim) => attempt,
            // Another worker may run the step now: the result of this attempt would be refused.
            () = hold.lost.cancelled() => return Ok(()),
        };
        self.store(&claim, attempt, &policy).await
    }

    /// Runs an attempt with a time limit, and converts a panic into a failure.
    async fn limited(&self, claim: &Claim) -> Attempt {
        let own = claim.step.timeout_seconds.and_then(|seconds| u64::try_from(seconds).ok());
        let limit = match own {
            Some(seconds) => Duration::from_secs(seconds),
            None if claim.step.kind == step::Kind::Ai => AI_TIME_LIMIT,
            None => TIME_LIMIT,
        };
        let run = AssertUnwindSafe(self.attempt(claim)).catch_unwind();
        match tokio::time::timeout(limit, run).await {
            Ok(Ok(attempt)) => attempt,
            Ok(Err(_)) => {
                tracing::error!(execution_step.id = %claim.row.id, step.key = claim.step.key, "a step panicked");
                Attempt::failed(ActionError::permanent("INTERNAL", INTERNAL))
            }
            Err(_) => {
                let message = format!("the step took longer than {} s", limit.as_secs());
                Attempt::failed(ActionError::temporary("TIMEOUT", message))
            }
        }
    }

    fn report_of(&self, claim: &Claim, result: Result<Ended, ActionError>, policy: &RetryPolicy) -> Report {
        let error = match result {
            Ok(Ended::Done { output, exit }) => return Report::Succeeded { output, exit },
            Ok(Ended::Wait { until, output }) => return Report::Wait { until, output },
            Err(error) => error,
        };
        let failure = Failure::new(error.code, error.message);
        if !error.retryable || claim.row.attempt >= policy.max_attempts {
            return Report::Failed { error: failure };
        }
        let [random] = self.services.clock.random_bytes();
        let planned = policy.delay_ms(claim.row.attempt, f64::from(random) / 255.0);
        let planned = Duration::from_millis(u64::try_from(planned).unwrap_or_default());
        Report::Retry { error: failure, after: planned.max(error.retry_after.unwrap_or_default()) }
    }

    async fn store(&self, claim: &Claim, attempt: Attempt, policy: &RetryPolicy) -> Result<(), ServiceError> {
        let Attempt { input, generation, result } = attempt;
        let outcome = Outcome { input, generation, report: self.report_of(claim, result, policy) };
        let mut pause = Duration::from_millis(100);
        for tried in 1.. {
            match self.services.executions.report(claim, outcome.clone()).await {
                Ok(true) => return Ok(()),
                Ok(false) => {
                    tracing::info!(
                        execution_step.id = %claim.row.id,
                        step.key = claim.step.key,
                        "the lease of a step expired, its result was discarded"
                    );
                    return Ok(());
                }
                Err(error) if tried >= REPORT_ATTEMPTS => return Err(error),
                Err(error) => {
                    tracing::warn!(
                        %error,
                        attempt = tried,
                        execution_step.id = %claim.row.id,
                        step.key = claim.step.key,
                        "the result of a step was not stored, retrying"
                    );
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
            }
        }
        Ok(())
    }
}
