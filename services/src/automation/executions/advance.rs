//! Advances executions. Each result and what follows from it are written in one transaction, under the lock of the
//! execution's row, so that parallel branches that end at the same time make one decision.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, QuerySelect as _, Set,
    sea_query::{Expr, ExprTrait as _, LockType, Query},
};
use triptych_entities::{
    failure::Failure,
    ids::{ExecutionId, ExecutionStepId, JobId, StepId},
    payloads::{execution_event::ExecutionEvent, job::Job, step_output::StepOutput},
    relational::automation::{execution, execution_step, step},
};
use triptych_stores::{
    access::Scoped as _,
    error::{Result, ServiceError},
    fetch::Fetch as _,
    live::Topic,
    postgres::Transaction,
};

use super::{
    Executions,
    decide::{Decision, Ending, StepState, decide},
};
use crate::automation::flows::Graph;

/// A locked execution, with the data for a decision.
pub(super) struct Locked {
    pub(super) execution: execution::Model,
    pub(super) graph: Arc<Graph>,
    pub(super) steps: Vec<execution_step::Model>,
}

impl Executions {
    /// Locks an execution, and reads it and its steps without inputs and outputs. `None` if it does not exist any more,
    /// as after its flow was deleted.
    pub(super) async fn lock(&self, tx: &Transaction, id: ExecutionId) -> Result<Option<Locked>> {
        let locked = execution::Entity::across_tenants()
            .filter(execution::Column::Id.eq(id))
            .lock(LockType::NoKeyUpdate)
            .fetch_columns(tx, execution::without_trigger())
            .await?
            .pop();
        let Some(execution) = locked else { return Ok(None) };
        let graph = self.graphs.load(tx, execution.version_id).await?;
        let steps = execution_step::Entity::across_tenants()
            .filter(execution_step::Column::ExecutionId.eq(id))
            .fetch_columns(tx, execution_step::without_values())
            .await?;
        Ok(Some(Locked { execution, graph, steps }))
    }

    /// Starts a queued execution, and enqueues the steps that can run. Idempotent.
    ///
    /// # Errors
    /// If a database does not answer; it may be repeated.
    #[tracing::instrument(skip_all, fields(execution.id = %id))]
    pub async fn advance(&self, id: ExecutionId) -> Result<()> {
        let tx = self.stores.work.begin().await?;
        let Some(mut locked) = self.lock(&tx, id).await? else { return Ok(()) };
        if locked.execution.status.is_final() {
            return Ok(());
        }
        let now = self.clock.now();
        let mut events = Vec::new();
        if locked.steps.is_empty() {
            self.begin(&tx, &mut locked, now, &mut events).await?;
        }
        self.follow_up(&tx, &locked, now, &mut events).await?;
        tx.commit().await?;
        self.outbox.wake();
        self.announce(id, now, &events).await;
        Ok(())
    }

    /// Writes the trigger's step as succeeded, with the event's data as its output.
    async fn begin(
        &self,
        tx: &Transaction,
        locked: &mut Locked,
        now: DateTime<Utc>,
        events: &mut Vec<ExecutionEvent>,
    ) -> Result<()> {
        let trigger = locked.graph.trigger().ok_or_else(|| broken(locked.execution.id))?;
        let row = execution_step::Model {
            attempt: 1,
            started_at: Some(now),
            ..self.step_row(&locked.execution, trigger.id, execution_step::Status::Succeeded, now)
        };
        events.extend([
            ExecutionEvent::ExecutionStarted { at: now },
            ExecutionEvent::StepStarted {
                step_id: trigger.id,
                step_key: trigger.key.clone(),
                execution_step_id: row.id,
                attempt: 1,
                at: now,
            },
            finished_event(trigger, &row, now),
        ]);
        execution_step::Entity::insert(row.clone().into_active_model()).exec_without_returning(tx).await?;
        copy_trigger(tx, &locked.execution, row.id).await?;
        locked.steps.push(row);
        Ok(())
    }

    /// Writes the decision on the current statuses of the steps, and the status of the execution.
    pub(super) async fn follow_up(
        &self,
        tx: &Transaction,
        locked: &Locked,
        now: DateTime<Utc>,
        events: &mut Vec<ExecutionEvent>,
    ) -> Result<()> {
        let states: HashMap<StepId, StepState> = locked
            .steps
            .iter()
            .map(|row| (row.step_id, StepState { status: row.status, exit: row.exit() }))
            .collect();
        let decision = decide(&locked.graph, &states);
        let mut rows = Vec::new();
        for id in &decision.start {
            let mut row = self.step_row(&locked.execution, *id, execution_step::Status::Queued, now);
            row.finished_at = None;
            let job_id: JobId = self.clock.new_id();
            row.job_id = Some(job_id);
            let job = Job::Step { execution_step_id: row.id };
            self.outbox.insert_as(tx, job_id, locked.execution.organization_id, &job, None).await?;
            rows.push(row);
        }
        for (id, reason) in &decision.skip {
            let row = self.step_row(&locked.execution, *id, execution_step::Status::Skipped, now);
            if let Some(step) = locked.graph.step(*id) {
                events.push(ExecutionEvent::StepSkipped {
                    step_key: step.key.clone(),
                    execution_step_id: row.id,
                    reason: (*reason).to_owned(),
                    at: now,
                });
            }
            rows.push(row);
        }
        let rows = rows.into_iter().map(execution_step::Model::into_active_model);
        execution_step::Entity::insert_many(rows).exec_without_returning(tx).await?;
        self.settle(tx, locked, &decision, now, events).await
    }

    /// Updates the execution's row to match its steps.
    async fn settle(
        &self,
        tx: &Transaction,
        locked: &Locked,
        decision: &Decision,
        now: DateTime<Utc>,
        events: &mut Vec<ExecutionEvent>,
    ) -> Result<()> {
        let execution = &locked.execution;
        let mut row = execution::ActiveModel { id: Set(execution.id), ..Default::default() };
        let status = match decision.ending {
            Some(ending) => {
                let error = failure_of(locked, ending);
                self.cancel_unfinished(tx, locked, now).await?;
                row.finished_at = Set(Some(now));
                row.error_code = Set(error.as_ref().map(|error| error.code.clone()));
                row.error_message = Set(error.as_ref().map(|error| error.message.clone()));
                let status = match ending {
                    Ending::Succeeded => execution::Status::Succeeded,
                    Ending::Failed(_) => execution::Status::Failed,
                };
                events.push(ExecutionEvent::ExecutionFinished { status, error, at: now });
                status
            }
            None if decision.start.is_empty() && only_waiting(&locked.steps) => execution::Status::Waiting,
            None => execution::Status::Running,
        };
        let started = execution.status == execution::Status::Queued;
        if status == execution.status && !started {
            return Ok(());
        }
        if started {
            row.started_at = Set(execution.started_at.or(Some(now)));
        }
        row.status = Set(status);
        execution::Entity::update(row).exec_without_returning(tx).await?;
        Ok(())
    }

    /// Cancels the steps that have not ended, as no step runs after the end of the execution, and stops their
    /// generations.
    pub(super) async fn cancel_unfinished(
        &self,
        tx: &Transaction,
        locked: &Locked,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let is_ai = |row: &execution_step::Model| {
            locked.graph.step(row.step_id).is_some_and(|step| step.kind == step::Kind::Ai)
        };
        if locked.steps.iter().any(|row| !row.status.is_final() && is_ai(row)) {
            let job = Job::StopGenerations { execution_id: locked.execution.id };
            self.outbox.insert(tx, locked.execution.organization_id, &job, None).await?;
        }
        let canceled = execution_step::ActiveModel {
            status: Set(execution_step::Status::Canceled),
            lease_owner: Set(None),
            lease_until: Set(None),
            due_at: Set(None),
            finished_at: Set(Some(now)),
            ..Default::default()
        };
        execution_step::Entity::update_across_tenants()
            .set(canceled)
            .filter(execution_step::Column::ExecutionId.eq(locked.execution.id))
            .filter(execution_step::Column::FinishedAt.is_null())
            .exec(tx)
            .await?;
        Ok(())
    }

    fn step_row(
        &self,
        execution: &execution::Model,
        step: StepId,
        status: execution_step::Status,
        now: DateTime<Utc>,
    ) -> execution_step::Model {
        execution_step::Model {
            id: self.clock.new_id::<ExecutionStepId>(),
            organization_id: execution.organization_id,
            execution_id: execution.id,
            step_id: step,
            status,
            attempt: 0,
            lost_claims: 0,
            input: None,
            output: None,
            error_code: None,
            error_message: None,
            generation_id: None,
            job_id: None,
            lease_owner: None,
            lease_until: None,
            due_at: None,
            exit: None,
            branch_step_id: None,
            created_at: now,
            started_at: None,
            finished_at: Some(now),
        }
    }

    /// Publishes events to subscribers.
    pub(super) async fn announce(&self, id: ExecutionId, now: DateTime<Utc>, events: &[ExecutionEvent]) {
        self.live.publish(&Topic::of(id), now, events).await;
    }
}

fn failure_of(locked: &Locked, ending: Ending) -> Option<Failure> {
    let Ending::Failed(step) = ending else { return None };
    let row = locked.steps.iter().find(|row| row.step_id == step)?;
    let key = locked.graph.step(step).map_or("?", |step| step.key.as_str());
    let code = row.error_code.as_deref().unwrap_or("FAILED");
    Some(Failure::new(code, format!("step `{key}`: {}", row.error_message.as_deref().unwrap_or("failed"))))
}

/// Stores the trigger's data as the output of its step. The data does not leave the database.
async fn copy_trigger(tx: &Transaction, execution: &execution::Model, step: ExecutionStepId) -> Result<()> {
    let trigger = Query::select()
        .column(execution::Column::Trigger)
        .from(execution::Entity)
        .and_where(Expr::col((execution::Entity, execution::Column::Id)).eq(execution.id))
        .to_owned();
    execution_step::Entity::update_across_tenants()
        .col_expr(execution_step::Column::Output, Expr::SubQuery(None, Box::new(trigger.into())))
        .filter(execution_step::Column::Id.eq(step))
        .exec(tx)
        .await?;
    Ok(())
}

/// The event of a step that has ended. An output that was not read is referred to.
pub(super) fn finished_event(
    step: &step::Model,
    row: &execution_step::Model,
    at: DateTime<Utc>,
) -> ExecutionEvent {
    ExecutionEvent::StepFinished {
        step_key: step.key.clone(),
        execution_step_id: row.id,
        status: row.status,
        output: match (row.status, &row.output) {
            (execution_step::Status::Succeeded, None) => StepOutput::Stored(row.id),
            (_, output) => StepOutput::of(row.id, output.as_ref()),
        },
        error: row.failure(),
        generation_id: row.generation_id,
        at,
    }
}

fn only_waiting(steps: &[execution_step::Model]) -> bool {
    let mut open = steps.iter().filter(|row| !row.status.is_final()).peekable();
    open.peek().is_some() && open.all(|row| row.status == execution_step::Status::Waiting)
}

/// A stored execution that contradicts itself.
pub(super) fn broken(id: ExecutionId) -> ServiceError {
    ServiceError::Internal(format!("execution {id} names a step that its version does not have"))
}
