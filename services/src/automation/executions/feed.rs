//! The live feed of an execution. Events are published after the commit, so that some may be lost. PostgreSQL has the
//! state of each step and of the execution: a subscriber is told the steps that ended without an event when the stream
//! has a gap, when the process sees that the execution changed, and before the end.

use std::collections::{HashMap, HashSet};

use chrono::TimeDelta;
use futures::{FutureExt as _, future::BoxFuture};
use sea_orm::{
    ColumnTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    sea_query::{Asterisk, Expr, ExprTrait as _, Query},
};
use triptych_entities::{
    failure::Failure,
    ids::{ExecutionId, ExecutionStepId, StepId},
    payloads::execution_event::ExecutionEvent,
    relational::automation::{
        execution,
        execution_step::{self, Status},
        step,
    },
};
use triptych_stores::{
    access::{Actor, Scope, Scoped as _},
    clock::Clock,
    connections::Stores,
    error::{Result, ServiceError, StoreError},
    fetch::Fetch as _,
    ids::IdColumn as _,
    live::{self, End, Feed, Lost, Marks, Position, Topic},
    postgres::Postgres,
};

use super::{
    Executions,
    advance::finished_event,
    decide::{StepState, decide},
};
use crate::automation::flows::{Graph, Graphs};

/// The statuses of steps whose end is an event.
const ENDED: [Status; 3] = [Status::Succeeded, Status::Failed, Status::Skipped];

pub type Envelope = live::Envelope<ExecutionId, ExecutionEvent>;

/// The feed of one execution, for one subscriber. There may be thousands, so it has only the parts of the service that it
/// needs.
pub struct ExecutionFeed {
    pg: Postgres,
    graphs: Graphs,
    clock: Clock,
    execution: execution::Model,
    /// Steps that have ended, as of the last read.
    ended: usize,
    /// Steps whose end was sent.
    finished: HashSet<ExecutionStepId>,
    /// The last attempts that were sent, of steps that have not ended.
    started: HashMap<ExecutionStepId, i32>,
    /// The keys of the steps whose wait was sent.
    waiting: HashSet<String>,
}

impl Executions {
    /// The live feed of an execution.
    ///
    /// # Errors
    /// `NotFound` also for another organization's execution.
    #[tracing::instrument(skip_all, fields(execution.id = %id))]
    pub async fn feed(&self, actor: &Actor, id: ExecutionId) -> Result<ExecutionFeed> {
        Ok(self.feed_of(self.get(actor, id).await?))
    }

    /// As [`Executions::feed`], for a caller whose access was checked.
    pub(super) fn feed_of(&self, execution: execution::Model) -> ExecutionFeed {
        ExecutionFeed {
            pg: self.stores.pg.clone(),
            graphs: self.graphs.clone(),
            clock: self.clock.clone(),
            execution,
            ended: 0,
            finished: HashSet::new(),
            started: HashMap::new(),
            waiting: HashSet::new(),
        }
    }
}

impl Feed for ExecutionFeed {
    type Subject = ExecutionId;
    type Event = ExecutionEvent;
    type Error = ServiceError;

    const KIND: &'static str = "execution";
    const SHARED: bool = true;

    fn subject(&self) -> ExecutionId {
        self.execution.id
    }

    fn topic(&self) -> Topic {
        Topic::of(self.execution.id)
    }

    async fn refresh(&mut self) -> Result<()> {
        let pg = &self.pg;
        let scope = Scope::whole(self.execution.organization_id);
        let found = execution::Entity::within(scope)
            .filter(execution::Column::Id.eq(self.execution.id))
            .fetch_columns(pg, execution::without_trigger())
            .await?
            .pop();
        self.execution = found.ok_or(ServiceError::NotFound("execution"))?;
        let ended = execution_step::Entity::within(scope)
            .filter(execution_step::Column::ExecutionId.eq(self.execution.id))
            .filter(execution_step::Column::Status.is_in(ENDED));
        self.ended = usize::try_from(ended.count(pg).await?).unwrap_or(usize::MAX);
        Ok(())
    }

    fn end(&self) -> Option<End<ExecutionEvent>> {
        let execution = &self.execution;
        let at = execution.finished_at.filter(|_| execution.status.is_final())?;
        let error = failure(execution);
        let event = ExecutionEvent::ExecutionFinished { status: execution.status, error, at };
        Some(End { at: None, event })
    }

    /// Epochs are times, so a later one than tomorrow's was not issued.
    fn highest(&self) -> Option<Position> {
        let epoch = (self.clock.now() + TimeDelta::days(1)).timestamp_millis();
        Some(Position { epoch, seq: i64::MAX })
    }

    async fn recover(&mut self, _: Lost) -> Result<Option<Vec<ExecutionEvent>>> {
        let pg = &self.pg;
        let rows = execution_step::Entity::within(Scope::whole(self.execution.organization_id))
            .filter(execution_step::Column::ExecutionId.eq(self.execution.id))
            .order_by_asc(execution_step::Column::Id)
            .fetch_columns(pg, execution_step::without_values())
            .await?;
        let graph = self.graphs.load(pg, self.execution.version_id).await?;
        let reasons = reasons(&graph, &rows);
        let events = rows.iter().filter_map(|row| state_of(graph.step(row.step_id)?, row, &reasons));
        let events: Vec<ExecutionEvent> = events.collect();
        Ok(Some(events.into_iter().filter(|event| self.admits(event)).collect()))
    }

    fn misses(&self) -> bool {
        self.ended > self.finished.len()
    }

    /// A retry of the execution may have superseded an end that is still in the stream.
    async fn confirms(&mut self, _: Position) -> Result<bool> {
        match self.refresh().await {
            Ok(()) => Ok(self.execution.status.is_final()),
            // Deleted, or PostgreSQL does not answer: then the stream decides.
            Err(error) => {
                tracing::debug!(%error, execution.id = %self.execution.id, "the end of an execution was not confirmed");
                Ok(true)
            }
        }
    }

    fn admits(&mut self, event: &ExecutionEvent) -> bool {
        match event {
            ExecutionEvent::StepFinished { execution_step_id, .. }
            | ExecutionEvent::StepSkipped { execution_step_id, .. } => {
                self.started.remove(execution_step_id);
                self.finished.insert(*execution_step_id)
            }
            ExecutionEvent::StepStarted { execution_step_id, attempt, .. } => {
                !self.finished.contains(execution_step_id)
                    && self.started.insert(*execution_step_id, *attempt) != Some(*attempt)
            }
            ExecutionEvent::StepRetrying { execution_step_id, .. } => {
                !self.finished.contains(execution_step_id)
            }
            ExecutionEvent::ExecutionWaiting { step_key, .. } => self.waiting.insert(step_key.clone()),
            _ => true,
        }
    }
}

/// Why steps were skipped, which follows from the graph and the other steps.
fn reasons(graph: &Graph, rows: &[execution_step::Model]) -> HashMap<StepId, &'static str> {
    let ran = rows.iter().filter(|row| row.status != Status::Skipped);
    let states = ran.map(|row| (row.step_id, StepState { status: row.status, exit: row.exit() })).collect();
    decide(graph, &states).skip.into_iter().collect()
}

/// The last event of a step; `None` if it has not started.
fn state_of(
    step: &step::Model,
    row: &execution_step::Model,
    reasons: &HashMap<StepId, &'static str>,
) -> Option<ExecutionEvent> {
    let at = row.finished_at.or(row.started_at).unwrap_or(row.created_at);
    match row.status {
        Status::Succeeded | Status::Failed => Some(finished_event(step, row, at)),
        Status::Skipped => Some(ExecutionEvent::StepSkipped {
            step_key: step.key.clone(),
            execution_step_id: row.id,
            reason: reasons.get(&step.id).copied().unwrap_or("nothing leads to it").to_owned(),
            at,
        }),
        Status::Running => Some(ExecutionEvent::StepStarted {
            step_id: step.id,
            step_key: step.key.clone(),
            execution_step_id: row.id,
            attempt: row.attempt,
            at,
        }),
        Status::Waiting => {
            Some(ExecutionEvent::ExecutionWaiting { step_key: step.key.clone(), until: row.due_at, at })
        }
        Status::Queued | Status::Canceled => None,
    }
}

/// The statuses of executions and the numbers of their steps that have ended, for all subscribers of the process
/// together.
pub(super) struct Statuses(pub(super) Stores);

impl live::Overview for Statuses {
    fn marks(&self, ids: Vec<String>) -> BoxFuture<'_, Result<Marks, StoreError>> {
        let ids: Vec<ExecutionId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        async move {
            let ended = Query::select()
                .expr(Expr::col(Asterisk).count())
                .from(execution_step::Entity)
                .and_where(
                    Expr::col((execution_step::Entity, execution_step::Column::ExecutionId))
                        .equals((execution::Entity, execution::Column::Id)),
                )
                .and_where(
                    Expr::col((execution_step::Entity, execution_step::Column::FinishedAt)).is_not_null(),
                )
                .to_owned();
            let rows: Vec<(ExecutionId, execution::Status, i64)> = execution::Entity::across_tenants()
                .select_only()
                .columns([execution::Column::Id, execution::Column::Status])
                .expr_as(Expr::SubQuery(None, Box::new(ended.into())), "ended")
                .filter(execution::Column::Id.any_of(&ids))
                .into_tuple()
                .all(&self.0.pg)
                .await?;
            let mark = |(id, status, ended): (ExecutionId, execution::Status, i64)| {
                (id.to_string(), ended * 16 + status as i64)
            };
            Ok(rows.into_iter().map(mark).collect())
        }
        .boxed()
    }
}

fn failure(row: &execution::Model) -> Option<Failure> {
    let code = row.error_code.clone()?;
    Some(Failure::new(code, row.error_message.clone().unwrap_or_default()))
}
