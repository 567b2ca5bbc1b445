//! The job of the `action` queue: claim a step, run it, report what became of it.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures::FutureExt as _;
use serde_json::Value;
use triptych_entities::{
    ids::ExecutionStepId, payloads::execution_event::Failure, relational::automation::step,
};
use triptych_services::{
    automation::{
        executions::{Claim, Outcome as Stored, Report},
        flows::RetryPolicy,
    },
    error::ServiceError,
};

use super::{Runtime, attempt::Attempt};
use crate::automation::integrations::{ActionError, Outcome};

/// How long an attempt may take unless the step says otherwise.
const TIME_LIMIT: Duration = Duration::from_secs(330);
/// Models may think for long.
const AI_TIME_LIMIT: Duration = Duration::from_mins(15);
/// How often a report is tried to be stored before the claim is let run out.
const REPORT_ATTEMPTS: u32 = 5;

impl Runtime {
    /// Runs a step, if it is owed a run. It may be called for the same step any number of times.
    ///
    /// # Errors
    /// If a database does not answer; the job should be tried again.
    #[tracing::instrument(skip_all, fields(execution_step.id = %id))]
    pub async fn run_step(&self, id: ExecutionStepId) -> Result<(), ServiceError> {
        let Some(claim) = self.services.executions.claim(id, self.worker).await? else { return Ok(()) };
        let hold = self.leases.hold(id);
        if claim.resumed {
            let output = claim.row.output.clone().unwrap_or(Value::Null);
            let report = Report::Succeeded { output };
            return self.store(&claim, Stored { input: None, generation: None, report }).await;
        }
        let attempt = tokio::select! {
            attempt = self.limited(&claim) => attempt,
            // Another worker runs it now: what comes of this attempt would not count.
            () = hold.lost.cancelled() => return Ok(()),
        };
        let report = self.report_of(&claim, attempt.result);
        self.store(&claim, Stored { input: attempt.input, generation: attempt.generation, report }).await
    }

    /// An attempt that ends in time and does not panic.
    async fn limited(&self, claim: &Claim) -> Attempt {
        let own = claim.step.timeout_seconds.and_then(|seconds| u64::try_from(seconds).ok());
        let limit = match own {
            Some(seconds) => Duration::from_secs(seconds),
            None if claim.step.kind == step::Kind::Ai => AI_TIME_LIMIT,
            None => TIME_LIMIT,
        };
        let failed = |error| Attempt { input: None, generation: None, result: Err(error) };
        let run = AssertUnwindSafe(self.attempt(claim)).catch_unwind();
        match tokio::time::timeout(limit, run).await {
            Ok(Ok(attempt)) => attempt,
            Ok(Err(_)) => {
                tracing::error!(step = claim.step.key, "a step panicked");
                failed(ActionError::permanent("INTERNAL", "something went wrong on our side"))
            }
            Err(_) => {
                let message = format!("the step took longer than {} s", limit.as_secs());
                failed(ActionError::temporary("TIMEOUT", message))
            }
        }
    }

    fn report_of(&self, claim: &Claim, result: Result<Outcome, ActionError>) -> Report {
        let error = match result {
            Ok(Outcome::Done(output) | Outcome::Stopped(output)) => return Report::Succeeded { output },
            Ok(Outcome::Wait { until, output }) => return Report::Wait { until, output },
            Err(error) => error,
        };
        let policy: RetryPolicy =
            claim.step.retry.clone().and_then(|retry| serde_json::from_value(retry).ok()).unwrap_or_default();
        let failure = Failure { code: error.code.into_owned(), message: error.message };
        if !error.retryable || claim.row.attempt >= policy.max_attempts {
            return Report::Failed { error: failure };
        }
        let [random] = self.services.mint.bytes();
        let planned = policy.delay_ms(claim.row.attempt, f64::from(random) / 255.0);
        let asked = error.retry_after.and_then(|wait| i64::try_from(wait.as_millis()).ok()).unwrap_or(0);
        let at = self.services.mint.now() + chrono::Duration::milliseconds(planned.max(asked));
        Report::Retry { error: failure, at }
    }

    async fn store(&self, claim: &Claim, stored: Stored) -> Result<(), ServiceError> {
        let mut pause = Duration::from_millis(100);
        for attempt in 1.. {
            match self.services.executions.report(claim, stored.clone()).await {
                Ok(true) => return Ok(()),
                Ok(false) => {
                    tracing::info!(step = claim.step.key, "a result came too late to count");
                    return Ok(());
                }
                Err(error) if attempt >= REPORT_ATTEMPTS => return Err(error),
                Err(error) => {
                    tracing::warn!(%error, attempt, "a step's result is not stored yet");
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
            }
        }
        Ok(())
    }
}
