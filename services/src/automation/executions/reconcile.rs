//! Enqueues unfinished work without a job in a queue: after a loss of Redis, or of a worker whose crash the queue did not
//! detect. PostgreSQL is authoritative for what is unfinished.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, FromQueryResult, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
    sea_query::{Expr, ExprTrait as _, IntoColumnRef, Query, SelectStatement},
};
use triptych_entities::{
    ids::{ExecutionId, ExecutionStepId, JobId, OrganizationId},
    payloads::job::{Job, Queue},
    relational::{
        automation::{execution, execution_step},
        outbox,
    },
};
use triptych_stores::{access::Scoped as _, error::Result};
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
    /// Steps that no worker runs.
    Step,
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
struct Range {
    /// Exclusive.
    after: Uuid,
    created_until: DateTime<Utc>,
    now: DateTime<Utc>,
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
        if executions + steps > 0 {
            self.outbox.wake();
            tracing::info!(executions, steps, "enqueued unfinished work whose jobs were lost");
        }
        Ok(executions + steps)
    }

    async fn sweep(&self, thoroughness: Thoroughness, kind: Kind) -> Result<usize> {
        let mut after = Uuid::nil();
        let mut enqueued = 0;
        loop {
            let now = self.clock.now();
            let created_until = if thoroughness == Thoroughness::Regular { now - GRACE } else { now };
            let rows = kind.unfinished(&self.stores.pg, &Range { after, created_until, now }).await?;
            let Some(last) = rows.last() else { return Ok(enqueued) };
            after = last.id;
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
        let tx = self.stores.pg.begin().await?;
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
            Self::Execution => &[Queue::Trigger, Queue::Flow],
            Self::Step => &[Queue::Action],
        }
    }

    fn job(self, id: Uuid) -> Job {
        match self {
            Self::Execution => Job::Begin { execution_id: ExecutionId(id) },
            Self::Step => Job::Step { execution_step_id: ExecutionStepId(id) },
        }
    }

    /// A batch of the rows of a range, in the order of their ids.
    async fn unfinished(self, db: &impl ConnectionTrait, range: &Range) -> Result<Vec<Unfinished>, DbErr> {
        match self {
            Self::Execution => {
                use execution::{Column, Entity, Status};
                let query = Entity::across_tenants()
                    .select_only()
                    .columns([Column::Id, Column::OrganizationId, Column::JobId])
                    .expr_as(Expr::cust("NULL::timestamptz"), "run_at")
                    .filter(Column::FinishedAt.is_null())
                    .filter(Column::Id.gt(range.after))
                    .filter(Column::Status.eq(Status::Queued))
                    .filter(Column::CreatedAt.lte(range.created_until))
                    .filter(Expr::exists(in_outbox((Entity, Column::JobId))).not())
                    .order_by_asc(Column::Id)
                    .limit(BATCH);
                query.into_model().all(db).await
            }
            Self::Step => {
                use execution_step::{Column, Entity, Status};
                let unclaimed = Condition::any()
                    .add(Column::Status.ne(Status::Running))
                    .add(Column::LeaseUntil.lt(range.now));
                let query = Entity::across_tenants()
                    .select_only()
                    .columns([Column::Id, Column::OrganizationId, Column::JobId])
                    .column_as(Column::DueAt, "run_at")
                    .filter(Column::FinishedAt.is_null())
                    .filter(Column::Id.gt(range.after))
                    .filter(Column::CreatedAt.lte(range.created_until))
                    .filter(Column::JobId.is_not_null())
                    .filter(unclaimed)
                    .filter(Expr::exists(in_outbox((Entity, Column::JobId))).not())
                    .order_by_asc(Column::Id)
                    .limit(BATCH);
                query.into_model().all(db).await
            }
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
            Self::Step => {
                use execution_step::{Column, Entity};
                let update = Entity::update_across_tenants().col_expr(Column::JobId, job.into());
                update.filter(Column::Id.eq(row.id)).filter(Column::JobId.eq(row.job_id)).exec(db).await?;
            }
        }
        Ok(())
    }
}

/// The outbox's row of a job.
fn in_outbox(job: impl IntoColumnRef) -> SelectStatement {
    Query::select()
        .expr(Expr::val(1))
        .from(outbox::Entity)
        .and_where(Expr::col((outbox::Entity, outbox::Column::Id)).eq(Expr::col(job)))
        .to_owned()
}
