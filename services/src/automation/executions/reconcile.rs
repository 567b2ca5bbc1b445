//! Enqueues unfinished work without a job in a queue: after a loss of Redis, or of a worker whose crash the queue did not
//! detect. PostgreSQL is authoritative for what is unfinished. The regular reconciliation reads work that is to be done
//! now; indexes leave out what is delayed.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, FromQueryResult, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, Select,
    sea_query::{Expr, ExprTrait as _, IntoColumnRef, Query, SelectStatement},
};
use triptych_entities::{
    ids::{ExecutionId, ExecutionStepId, JobId, OrganizationId, ScheduleFiringId},
    payloads::job::{Job, Queue},
    relational::{
        automation::{execution, execution_step, schedule_firing},
        outbox,
    },
};
use triptych_stores::{access::Scoped as _, clock::Clock, error::Result};
use uuid::Uuid;

use super::Executions;

/// Rows looked at in one statement.
const BATCH: u64 = 1_000;
/// Minimum age of the rows that the regular reconciliation checks, as the job of a newer row may not be enqueued yet.
const GRACE: Duration = Duration::from_secs(5);

/// How thorough to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thoroughness {
    /// The regular look: leave alone what is recent.
    Regular,
    /// Redis was emptied: no job is enqueued.
    Emptied,
    /// This process is the only worker and has just started: no job that a queue calls active is being run.
    Alone,
}

/// The kinds of work that have jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Executions that have not started.
    Execution,
    /// Steps that are to be run now, or whose worker has lost them.
    Step,
    /// Steps with a due time: retries and waits.
    Delayed,
    /// Times of schedules for which the flow has not been started.
    Firing,
}

/// A row whose job has left the outbox.
#[derive(Debug, Clone, FromQueryResult)]
struct Unfinished {
    id: Uuid,
    organization_id: OrganizationId,
    job_id: JobId,
    run_at: Option<DateTime<Utc>>,
}

/// The unfinished rows to check.
struct Range<'a> {
    /// The last row of the batch before.
    after: Option<Unfinished>,
    thoroughness: Thoroughness,
    clock: &'a Clock,
}

impl Range<'_> {
    /// Rows of the regular reconciliation are older than a few seconds.
    fn created<C: ColumnTrait>(&self, column: C) -> Condition {
        let settled = (self.thoroughness == Thoroughness::Regular)
            .then(|| self.clock.now() - GRACE)
            .map(|settled| column.lte(settled));
        Condition::all().add_option(settled)
    }

    fn after_id(&self) -> Uuid {
        self.after.as_ref().map_or(Uuid::nil(), |row| row.id)
    }
}

impl Executions {
    /// Enqueues all unfinished work without a job, and returns the number of jobs. An additional job has no effect.
    ///
    /// # Errors
    /// If a database does not answer; it may be repeated.
    #[tracing::instrument(skip_all)]
    pub async fn reconcile(&self, thoroughness: Thoroughness) -> Result<usize> {
        let executions = self.sweep(thoroughness, Kind::Execution).await?;
        let steps = self.sweep(thoroughness, Kind::Step).await?;
        let steps = steps + self.sweep(thoroughness, Kind::Delayed).await?;
        let firings = self.sweep(thoroughness, Kind::Firing).await?;
        if executions + steps + firings > 0 {
            self.outbox.wake();
            tracing::info!(executions, steps, firings, "enqueued unfinished work whose jobs were lost");
        }
        Ok(executions + steps + firings)
    }

    async fn sweep(&self, thoroughness: Thoroughness, kind: Kind) -> Result<usize> {
        let mut range = Range { after: None, thoroughness, clock: &self.clock };
        let mut enqueued = 0;
        loop {
            let rows = kind.unfinished(&self.stores.work, &range).await?;
            let Some(last) = rows.last() else { return Ok(enqueued) };
            range.after = Some(last.clone());
            let orphans = self.without_job(thoroughness, kind, rows).await?;
            enqueued += orphans.len();
            self.owe_again(kind, &orphans).await?;
        }
    }

    async fn without_job(
        &self,
        thoroughness: Thoroughness,
        kind: Kind,
        rows: Vec<Unfinished>,
    ) -> Result<Vec<Unfinished>> {
        if thoroughness == Thoroughness::Alone {
            return Ok(rows);
        }
        let ids: Vec<String> = rows.iter().map(|row| row.job_id.0.to_string()).collect();
        let mut missing = vec![true; ids.len()];
        for queue in kind.queues() {
            let here = self.queues.missing(*queue, &ids).await?;
            missing = missing.into_iter().zip(here).map(|(elsewhere, here)| elsewhere && here).collect();
        }
        Ok(rows.into_iter().zip(missing).filter_map(|(row, missing)| missing.then_some(row)).collect())
    }

    async fn owe_again(&self, kind: Kind, orphans: &[Unfinished]) -> Result<()> {
        if orphans.is_empty() {
            return Ok(());
        }
        let tx = self.stores.work.begin().await?;
        for row in orphans {
            let job_id = self.outbox.insert(&tx, row.organization_id, &kind.job(row.id), row.run_at).await?;
            kind.set_job(&tx, row, job_id).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

impl Kind {
    /// The queues that may contain its job. The job of an execution that is retried is in the flow queue.
    fn queues(self) -> &'static [Queue] {
        match self {
            Self::Execution => &[Queue::Trigger, Queue::Flow, Queue::Schedule],
            Self::Step | Self::Delayed => &[Queue::Action],
            Self::Firing => &[Queue::Schedule],
        }
    }

    fn job(self, id: Uuid) -> Job {
        match self {
            Self::Execution => Job::Begin { execution_id: ExecutionId(id) },
            Self::Step | Self::Delayed => Job::Step { execution_step_id: ExecutionStepId(id) },
            Self::Firing => Job::Fire { firing_id: ScheduleFiringId(id) },
        }
    }

    /// A batch of the rows of a range, in the order of an index.
    async fn unfinished(
        self,
        db: &impl ConnectionTrait,
        range: &Range<'_>,
    ) -> Result<Vec<Unfinished>, DbErr> {
        match self {
            Self::Execution => queued_executions(range).into_model().all(db).await,
            Self::Step => undelayed_steps(range).into_model().all(db).await,
            Self::Delayed => delayed_steps(range).into_model().all(db).await,
            Self::Firing => firings(range).into_model().all(db).await,
        }
    }

    /// Stores the id of the new job, unless another process has stored one.
    async fn set_job(self, db: &impl ConnectionTrait, row: &Unfinished, job: JobId) -> Result<(), DbErr> {
        match self {
            Self::Execution => {
                use execution::{Column, Entity};
                let update = Entity::update_across_tenants().col_expr(Column::JobId, job.into());
                update.filter(Column::Id.eq(row.id)).filter(Column::JobId.eq(row.job_id)).exec(db).await?;
            }
            Self::Firing => {
                use schedule_firing::{Column, Entity};
                let update = Entity::update_across_tenants().col_expr(Column::JobId, job.into());
                update.filter(Column::Id.eq(row.id)).filter(Column::JobId.eq(row.job_id)).exec(db).await?;
            }
            Self::Step | Self::Delayed => {
                use execution_step::{Column, Entity};
                let update = Entity::update_across_tenants().col_expr(Column::JobId, job.into());
                update.filter(Column::Id.eq(row.id)).filter(Column::JobId.eq(row.job_id)).exec(db).await?;
            }
        }
        Ok(())
    }
}

fn queued_executions(range: &Range<'_>) -> Select<execution::Entity> {
    use execution::{Column, Entity};
    Entity::across_tenants()
        .select_only()
        .columns([Column::Id, Column::OrganizationId, Column::JobId])
        .expr_as(Expr::cust("NULL::timestamptz"), "run_at")
        // A literal, as the plan of a statement with a parameter cannot use the partial index.
        .filter(Expr::cust("status = 'QUEUED'"))
        .filter(Column::Id.gt(range.after_id()))
        .filter(range.created(Column::CreatedAt))
        .filter(Expr::exists(in_outbox((Entity, Column::JobId))).not())
        .order_by_asc(Column::Id)
        .limit(BATCH)
}

/// Steps whose job has left the outbox.
fn steps(range: &Range<'_>) -> Select<execution_step::Entity> {
    use execution_step::{Column, Entity};
    Entity::across_tenants()
        .select_only()
        .columns([Column::Id, Column::OrganizationId, Column::JobId])
        .column_as(Column::DueAt, "run_at")
        .filter(Column::FinishedAt.is_null())
        .filter(Column::JobId.is_not_null())
        .filter(range.created(Column::CreatedAt))
        .filter(Expr::exists(in_outbox((Entity, Column::JobId))).not())
        .limit(BATCH)
}

fn undelayed_steps(range: &Range<'_>) -> Select<execution_step::Entity> {
    use execution_step::{Column, Status};
    let unclaimed = Condition::any()
        .add(Column::Status.ne(Status::Running))
        .add(Expr::col(Column::LeaseUntil).lt(range.clock.in_postgres(TimeDelta::zero())));
    steps(range)
        .filter(Column::DueAt.is_null())
        .filter(Column::Id.gt(range.after_id()))
        .filter(unclaimed)
        .order_by_asc(Column::Id)
}

/// What is due; after a loss of Redis, also what is due later.
fn delayed_steps(range: &Range<'_>) -> Select<execution_step::Entity> {
    use execution_step::Column;
    let mut query =
        steps(range).filter(Column::DueAt.is_not_null()).order_by_asc(Column::DueAt).order_by_asc(Column::Id);
    if range.thoroughness == Thoroughness::Regular {
        query = query.filter(Expr::col(Column::DueAt).lte(range.clock.in_postgres(TimeDelta::zero())));
    }
    if let Some(Unfinished { id, run_at: Some(due), .. }) = &range.after {
        let place = Expr::tuple([Expr::col(Column::DueAt), Expr::col(Column::Id)]);
        query = query.filter(place.gt(Expr::tuple([Expr::val(*due), Expr::val(*id)])));
    }
    query
}

fn firings(range: &Range<'_>) -> Select<schedule_firing::Entity> {
    use schedule_firing::{Column, Entity};
    let mut query = Entity::across_tenants()
        .select_only()
        .columns([Column::Id, Column::OrganizationId, Column::JobId])
        .column_as(Column::DueAt, "run_at")
        .filter(range.created(Column::CreatedAt))
        .filter(Expr::exists(in_outbox((Entity, Column::JobId))).not())
        .order_by_asc(Column::DueAt)
        .order_by_asc(Column::Id)
        .limit(BATCH);
    if let Some(Unfinished { id, run_at: Some(due), .. }) = &range.after {
        let place = Expr::tuple([Expr::col(Column::DueAt), Expr::col(Column::Id)]);
        query = query.filter(place.gt(Expr::tuple([Expr::val(*due), Expr::val(*id)])));
    }
    query
}

/// The outbox's row of a job.
fn in_outbox(job: impl IntoColumnRef) -> SelectStatement {
    Query::select()
        .expr(Expr::val(1))
        .from(outbox::Entity)
        .and_where(Expr::col((outbox::Entity, outbox::Column::Id)).eq(Expr::col(job)))
        .to_owned()
}
