//! What a worker reports about a step that it claimed. Each report counts only while the claim holds.

use chrono::{DateTime, Utc};
use sea_orm::{EntityTrait as _, IntoActiveModel as _, Set, TransactionTrait as _};
use serde_json::Value;
use triptych_entities::{
    ids::GenerationId,
    payloads::{
        execution_event::{ExecutionEvent, Failure},
        job::Job,
    },
    relational::automation::{execution_log, execution_step},
};
use triptych_stores::error::Result;

use super::{
    Claim, Executions,
    advance::{Locked, finished_event},
};

/// What became of one attempt.
#[derive(Debug, Clone, PartialEq)]
pub enum Report {
    Succeeded {
        output: Value,
    },
    Failed {
        error: Failure,
    },
    /// Try again after this time.
    Retry {
        error: Failure,
        at: DateTime<Utc>,
    },
    /// The step has done its work and ends with this output at that time.
    Wait {
        until: DateTime<Utc>,
        output: Value,
    },
}

/// A report with what goes with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    pub input: Option<Value>,
    pub generation: Option<GenerationId>,
    pub report: Report,
}

impl Executions {
    /// Stores a report and what follows from it, in one transaction. `false` when the claim was lost meanwhile
    /// and the report does not count.
    ///
    /// # Errors
    /// If a database does not answer; it may be repeated.
    #[tracing::instrument(skip_all, fields(execution.id = %claim.execution.id, step = claim.step.key))]
    pub async fn report(&self, claim: &Claim, outcome: Outcome) -> Result<bool> {
        let now = self.mint.now();
        let tx = self.stores.pg.begin().await?;
        let Some(mut locked) = self.lock(&tx, claim.execution.id).await? else { return Ok(false) };
        let Some(index) = locked.steps.iter().position(|row| holds(row, claim)) else { return Ok(false) };
        let mut row = locked.steps[index].clone();
        apply(&mut row, outcome, now);
        let mut events = Vec::new();
        let mut owed = false;
        match row.status {
            execution_step::Status::Queued => {
                owed = true;
                row.job_id = Some(self.mint.id());
                events.push(retrying_event(claim, &row, now));
            }
            execution_step::Status::Waiting => {
                owed = true;
                row.job_id = Some(self.mint.id());
                events.push(ExecutionEvent::ExecutionWaiting {
                    step_key: claim.step.key.clone(),
                    until: row.resume_at,
                    at: now,
                });
            }
            _ => events.push(finished_event(&claim.step, &row, now)),
        }
        write(&tx, &locked.steps[index], &row).await?;
        if let Some(job_id) = row.job_id.filter(|_| owed) {
            let job = Job::Step { execution_step_id: row.id };
            let at = row.resume_at.or(row.lease_until);
            self.outbox.owe_as(&tx, job_id, row.organization_id, &job, at).await?;
        }
        locked.steps[index] = row;
        self.conclude(&tx, &locked, now, &mut events).await?;
        tx.commit().await?;
        self.outbox.wake();
        self.announce(claim.execution.id, now, &events).await;
        Ok(true)
    }

    async fn conclude(
        &self,
        tx: &sea_orm::DatabaseTransaction,
        locked: &Locked,
        now: DateTime<Utc>,
        events: &mut Vec<ExecutionEvent>,
    ) -> Result<()> {
        if locked.execution.status.is_final() {
            return Ok(());
        }
        self.follow_up(tx, locked, now, events).await
    }

    /// Keeps a line that a step logged. A line that cannot be kept is not worth failing the step for.
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
            tracing::warn!(%error, "a step's log line was not kept");
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

fn holds(row: &execution_step::Model, claim: &Claim) -> bool {
    row.id == claim.row.id
        && row.status == execution_step::Status::Running
        && row.lease_owner == Some(claim.worker)
        && row.attempt == claim.row.attempt
}

fn apply(row: &mut execution_step::Model, outcome: Outcome, now: DateTime<Utc>) {
    row.lease_owner = None;
    row.lease_until = None;
    row.input = outcome.input.or(row.input.take());
    row.generation_id = outcome.generation.or(row.generation_id);
    row.error_code = None;
    row.error_message = None;
    let mut failed = |error: Failure| {
        row.error_code = Some(error.code);
        row.error_message = Some(error.message);
    };
    match outcome.report {
        Report::Succeeded { output } => {
            row.output = Some(output);
            row.status = execution_step::Status::Succeeded;
            row.finished_at = Some(now);
        }
        Report::Failed { error } => {
            failed(error);
            row.status = execution_step::Status::Failed;
            row.finished_at = Some(now);
        }
        Report::Retry { error, at } => {
            failed(error);
            row.status = execution_step::Status::Queued;
            // Nobody holds a queued step, so the column is free to keep the time that the retry is due.
            row.lease_until = Some(at);
        }
        Report::Wait { until, output } => {
            row.output = Some(output);
            row.status = execution_step::Status::Waiting;
            row.resume_at = Some(until);
        }
    }
}

fn retrying_event(claim: &Claim, row: &execution_step::Model, now: DateTime<Utc>) -> ExecutionEvent {
    ExecutionEvent::StepRetrying {
        step_key: claim.step.key.clone(),
        execution_step_id: row.id,
        attempt: row.attempt,
        delay_ms: row.lease_until.map_or(0, |at| (at - now).num_milliseconds()),
        error: Failure {
            code: row.error_code.clone().unwrap_or_default(),
            message: row.error_message.clone().unwrap_or_default(),
        },
        at: now,
    }
}

/// Writes the columns that changed.
async fn write(
    tx: &sea_orm::DatabaseTransaction,
    before: &execution_step::Model,
    after: &execution_step::Model,
) -> Result<()> {
    let mut row = before.clone().into_active_model();
    macro_rules! set_changed {
        ($($field:ident),+) => {$(
            if before.$field != after.$field { row.$field = Set(after.$field.clone()); }
        )+};
    }
    set_changed!(
        status,
        attempt,
        input,
        output,
        error_code,
        error_message,
        generation_id,
        job_id,
        lease_owner,
        lease_until,
        resume_at,
        finished_at
    );
    execution_step::Entity::update(row).exec(tx).await?;
    Ok(())
}
