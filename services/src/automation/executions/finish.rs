//! How an attempt at a step ends. Each result and what follows from it are one transaction; a result counts only
//! while the claim holds.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, Iterable as _,
    ModelTrait as _, QueryFilter as _,
};
use serde_json::Value;
use triptych_entities::{
    failure::Failure,
    ids::{ExecutionStepId, GenerationId},
    payloads::{execution_event::ExecutionEvent, job::Job, step_output::INLINE_LIMIT},
    relational::automation::{
        execution_step::{self, Exit, Status},
        step,
    },
};
use triptych_stores::{
    access::Scoped as _, error::Result, fetch::Fetch as _, postgres::Transaction, storable::clean,
};

use super::{
    Claim, Executions,
    advance::{Locked, finished_event},
    lease::EARLY,
    quota::{self, Use},
};

/// What became of one attempt.
#[derive(Debug, Clone, PartialEq)]
pub enum Report {
    Succeeded {
        output: Value,
        /// Which links lead on.
        exit: Exit,
    },
    Failed {
        error: Failure,
    },
    /// The attempt failed and is retried after this time, by the clock of PostgreSQL.
    Retry {
        error: Failure,
        after: Duration,
    },
    /// The step has done its work and ends with this output at that time.
    Wait {
        until: DateTime<Utc>,
        output: Value,
    },
}

/// A report, with the values that are stored with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    pub input: Option<Value>,
    pub generation: Option<GenerationId>,
    pub report: Report,
}

impl Outcome {
    /// The bytes that count for the quota of the organization: small values are free, so that few reports count.
    fn large_bytes(&self) -> i64 {
        let output = match &self.report {
            Report::Succeeded { output, .. } | Report::Wait { output, .. } => Some(output),
            Report::Failed { .. } | Report::Retry { .. } => None,
        };
        let sizes = self.input.iter().chain(output).map(quota::size);
        sizes.filter(|size| usize::try_from(*size).is_ok_and(|size| size > INLINE_LIMIT)).sum()
    }

    /// Replaces what PostgreSQL cannot store. Failures are clean already.
    fn clean(&mut self) {
        self.input.iter_mut().for_each(clean);
        match &mut self.report {
            Report::Succeeded { output, .. } | Report::Wait { output, .. } => clean(output),
            Report::Failed { .. } | Report::Retry { .. } => {}
        }
    }
}

impl Executions {
    /// Stores a report and the steps that follow. `false` if the claim was lost, in which case the report is
    /// discarded.
    ///
    /// # Errors
    /// If a database does not answer; it may be repeated.
    #[tracing::instrument(skip_all, fields(execution.id = %claim.execution.id, step = claim.step.key))]
    pub async fn report(&self, claim: &Claim, outcome: Outcome) -> Result<bool> {
        let tx = self.stores.work.begin().await?;
        let Some(locked) = self.lock(&tx, claim.execution.id).await? else { return Ok(false) };
        let Some(index) = locked.steps.iter().position(|row| holds(row, claim)) else { return Ok(false) };
        let now = self.clock.now();
        let mut row = locked.steps[index].clone();
        let mut outcome = outcome;
        outcome.clean();
        let more = Use { executions: 0, bytes: outcome.large_bytes() };
        let retry_at = match &outcome.report {
            Report::Retry { after, .. } => Some(self.clock.read_postgres(&tx).await? + *after),
            _ => None,
        };
        apply(&mut row, outcome, retry_at, now);
        self.change(tx, locked, index, row, more, now).await?;
        Ok(true)
    }

    /// Ends a step whose wait is over, with the output that it waited with. Returns the time until the step is due, if
    /// it is a step that waits or is retried and is not due. Does nothing for any other step.
    ///
    /// # Errors
    /// If a database does not answer; it may be repeated.
    #[tracing::instrument(skip_all, fields(execution_step.id = %id))]
    pub async fn resume(&self, id: ExecutionStepId) -> Result<Option<Duration>> {
        let found = execution_step::Entity::across_tenants()
            .filter(execution_step::Column::Id.eq(id))
            .fetch_columns(&self.stores.work, execution_step::without_values())
            .await?
            .pop();
        let Some((found, due)) = found.and_then(|row| row.due_at.map(|due| (row, due))) else {
            return Ok(None);
        };
        let early = due - self.clock.read_postgres(&self.stores.work).await?;
        if early > EARLY {
            return Ok(early.to_std().ok());
        }
        if found.status == Status::Waiting {
            self.end_wait(&found).await?;
        }
        Ok(None)
    }

    /// Ends a waiting step that is due.
    async fn end_wait(&self, found: &execution_step::Model) -> Result<()> {
        let tx = self.stores.work.begin().await?;
        let Some(locked) = self.lock(&tx, found.execution_id).await? else { return Ok(()) };
        let waits = |row: &execution_step::Model| {
            row.id == found.id && row.status == Status::Waiting && row.due_at == found.due_at
        };
        let Some(index) = locked.steps.iter().position(waits) else { return Ok(()) };
        let now = self.clock.now();
        let mut row = locked.steps[index].clone();
        row.due_at = None;
        end(&mut row, Status::Succeeded, now);
        self.change(tx, locked, index, row, Use::default(), now).await
    }

    /// Stores a step's new state and what follows from it, commits, and announces both.
    async fn change(
        &self,
        tx: Transaction,
        mut locked: Locked,
        index: usize,
        mut row: execution_step::Model,
        more: Use,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let execution = locked.execution.id;
        let step = locked.graph.step(row.step_id).ok_or_else(|| super::advance::broken(execution))?;
        let mut events = vec![event_of(step, &row, now)];
        if !row.status.is_final() {
            let job_id = self.clock.new_id();
            row.job_id = Some(job_id);
            let job = Job::Step { execution_step_id: row.id };
            self.outbox.insert_as(&tx, job_id, row.organization_id, &job, row.due_at).await?;
        }
        write(&tx, &locked.steps[index], &row).await?;
        locked.steps[index] = row;
        if !locked.execution.status.is_final() {
            self.follow_up(&tx, &locked, now, &mut events).await?;
        }
        if more != Use::default() {
            self.count_use(&tx, locked.execution.organization_id, now, more).await?;
        }
        tx.commit().await?;
        self.outbox.wake();
        self.announce(execution, now, &events).await;
        Ok(())
    }
}

fn holds(row: &execution_step::Model, claim: &Claim) -> bool {
    row.id == claim.row.id
        && row.status == Status::Running
        && row.lease_owner == Some(claim.worker)
        && row.attempt == claim.row.attempt
}

fn apply(
    row: &mut execution_step::Model,
    outcome: Outcome,
    retry_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) {
    row.lease_owner = None;
    row.lease_until = None;
    row.lost_claims = 0;
    row.input = outcome.input.or(row.input.take());
    row.generation_id = outcome.generation.or(row.generation_id);
    row.set_failure(None);
    match outcome.report {
        Report::Succeeded { output, exit } => {
            row.output = Some(output);
            row.set_exit(exit);
            end(row, Status::Succeeded, now);
        }
        Report::Failed { error } => {
            row.set_failure(Some(error));
            end(row, Status::Failed, now);
        }
        Report::Retry { error, .. } => {
            row.set_failure(Some(error));
            row.status = Status::Queued;
            row.due_at = retry_at;
        }
        Report::Wait { until, output } => {
            row.output = Some(output);
            row.status = Status::Waiting;
            row.due_at = Some(until);
        }
    }
}

fn end(row: &mut execution_step::Model, status: Status, now: DateTime<Utc>) {
    row.status = status;
    row.finished_at = Some(now);
}

fn event_of(step: &step::Model, row: &execution_step::Model, now: DateTime<Utc>) -> ExecutionEvent {
    let step_key = step.key.clone();
    match row.status {
        Status::Queued => ExecutionEvent::StepRetrying {
            step_key,
            execution_step_id: row.id,
            attempt: row.attempt,
            delay_ms: row.due_at.map_or(0, |at| (at - now).num_milliseconds()),
            error: row.failure().unwrap_or_else(|| Failure::new("FAILED", "")),
            at: now,
        },
        Status::Waiting => ExecutionEvent::ExecutionWaiting { step_key, until: row.due_at, at: now },
        _ => finished_event(step, row, now),
    }
}

/// Writes the columns that changed.
async fn write(
    tx: &Transaction,
    before: &execution_step::Model,
    after: &execution_step::Model,
) -> Result<()> {
    let mut row = before.clone().into_active_model();
    for column in execution_step::Column::iter() {
        row.set_if_not_equals(column, after.get(column));
    }
    execution_step::Entity::update(row).exec_without_returning(tx).await?;
    Ok(())
}
