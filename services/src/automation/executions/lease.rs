//! Leases of steps. A worker claims a step for a limited time and renews the lease while the step runs; after the loss
//! of a worker, another one can claim the step. The clock of PostgreSQL decides whether a step is due and a lease has
//! expired, so that workers whose clocks differ agree.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait as _, Iterable as _, QueryFilter as _, QueryTrait as _, Set,
    sea_query::{Expr, ExprTrait as _, Func, Query, extension::postgres::PgFunc},
};
use triptych_entities::{
    ids::ExecutionStepId,
    payloads::execution_event::ExecutionEvent,
    relational::{
        automation::{
            execution,
            execution_step::{self, Column, Status},
            step,
        },
        positional::decode,
    },
};
use triptych_stores::{
    access::{Scope, Scoped as _},
    error::Result,
    fetch::Fetch as _,
};
use uuid::Uuid;

use super::Executions;
use crate::automation::flows::Graph;

/// Duration of a lease that is not renewed.
pub const LEASE: Duration = Duration::from_secs(15);

/// Claims that end without a report, one after the other, after which a step is given up: it may be what ends its workers.
pub const MAX_LOST_CLAIMS: i32 = 3;

/// How early a step may be run or ended. A queue counts in whole milliseconds, and may bring a job a moment before
/// its time.
pub(super) const EARLY: TimeDelta = TimeDelta::milliseconds(50);

/// A step that this worker may run now, without inputs, outputs and the trigger's data: see [`Executions::values`].
#[derive(Debug, Clone)]
pub struct Claim {
    pub worker: Uuid,
    pub execution: execution::Model,
    pub row: execution_step::Model,
    pub step: step::Model,
    pub graph: Arc<Graph>,
}

impl Executions {
    /// Claims a step that is due. `None` if it has ended, waits, was deleted or is not due, or if another worker holds
    /// the lease.
    ///
    /// # Errors
    /// If a database does not answer; it may be repeated.
    pub async fn claim(&self, id: ExecutionStepId, worker: Uuid) -> Result<Option<Claim>> {
        let Some(row) = self.try_claim(id, worker).await? else { return Ok(None) };
        let Some(execution) = execution::Entity::within(Scope::whole(row.organization_id))
            .filter(execution::Column::Id.eq(row.execution_id))
            .fetch_columns(&self.stores.work, execution::without_trigger())
            .await?
            .pop()
        else {
            return Ok(None);
        };
        let graph = self.graphs.load(&self.stores.work, execution.version_id).await?;
        let step = graph.step(row.step_id).cloned().ok_or_else(|| super::advance::broken(execution.id))?;
        let now = self.clock.now();
        let started = ExecutionEvent::StepStarted {
            step_id: step.id,
            step_key: step.key.clone(),
            execution_step_id: row.id,
            attempt: row.attempt,
            at: now,
        };
        self.announce(execution.id, now, &[started]).await;
        Ok(Some(Claim { worker, execution, row, step, graph }))
    }

    /// Claims a step and increments the attempt, with one statement.
    async fn try_claim(&self, id: ExecutionStepId, worker: Uuid) -> Result<Option<execution_step::Model>> {
        let now = self.clock.in_postgres(TimeDelta::zero());
        let row = execution_step::ActiveModel {
            status: Set(Status::Running),
            lease_owner: Set(Some(worker)),
            due_at: Set(None),
            ..Default::default()
        };
        // The values before the update: a running step that is claimed again has lost its last claim.
        let lost =
            Expr::case(Expr::col(Column::Status).eq(Status::Running), Expr::col(Column::LostClaims).add(1))
                .finally(Expr::col(Column::LostClaims));
        let started = Func::coalesce([Expr::col(Column::StartedAt), now]);
        let under_way = Query::select()
            .expr(Expr::val(1))
            .from(execution::Entity)
            .and_where(
                Expr::col((execution::Entity, execution::Column::Id))
                    .equals((execution_step::Entity, Column::ExecutionId)),
            )
            .and_where(Expr::col((execution::Entity, execution::Column::FinishedAt)).is_null())
            .to_owned();
        let mut claim = execution_step::Entity::update_across_tenants()
            .set(row)
            .col_expr(Column::Attempt, Expr::col(Column::Attempt).add(1))
            .col_expr(Column::LostClaims, lost.into())
            .col_expr(Column::StartedAt, started.into())
            .col_expr(Column::LeaseUntil, self.lease_end())
            .filter(Column::Id.eq(id))
            .filter(self.claimable())
            .filter(Expr::exists(under_way))
            .into_query();
        let columns = execution_step::without_values();
        let kept = Column::iter().enumerate().filter(|(position, _)| columns.contains(*position));
        claim.returning(Query::returning().columns(kept.map(|(_, column)| column)));
        // A claim may be lost in a crash, so the commit does not wait for the disk.
        let taken = self.relaxed.query_all(&claim).await?;
        Ok(decode(&taken, columns)?.pop())
    }

    /// Renews the leases of the steps that a worker runs. The steps that it has lost are left out of the answer.
    ///
    /// # Errors
    /// If PostgreSQL does not answer; the leases then run out.
    pub async fn renew(&self, worker: Uuid, ids: &[ExecutionStepId]) -> Result<Vec<ExecutionStepId>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let mut renewal = execution_step::Entity::update_across_tenants()
            .col_expr(Column::LeaseUntil, self.lease_end())
            .filter(Expr::col(Column::Id).eq(PgFunc::any(ids)))
            .filter(Column::LeaseOwner.eq(worker))
            .filter(Column::Status.eq(Status::Running))
            .into_query();
        renewal.returning(Query::returning().column(Column::Id));
        let renewed = self.relaxed.query_all(&renewal).await?;
        Ok(renewed.iter().map(|row| row.try_get("", "id")).collect::<Result<_, _>>()?)
    }

    /// Expires all leases. For the start of a process that is the only worker.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub async fn release_all(&self) -> Result<()> {
        let long_ago = self.clock.in_postgres(TimeDelta::seconds(-1));
        execution_step::Entity::update_across_tenants()
            .col_expr(Column::LeaseUntil, long_ago)
            .filter(Column::FinishedAt.is_null())
            .filter(Column::Status.eq(Status::Running))
            .exec(&self.stores.work)
            .await?;
        Ok(())
    }

    /// The end of a lease that begins now.
    fn lease_end(&self) -> Expr {
        self.clock.in_postgres(TimeDelta::from_std(LEASE).unwrap_or_default())
    }

    /// Steps that can be claimed: queued and due, or with an expired lease.
    fn claimable(&self) -> Condition {
        let soon = Expr::col(Column::DueAt).lte(self.clock.in_postgres(EARLY));
        let due = Condition::any().add(Column::DueAt.is_null()).add(soon);
        let queued = Condition::all().add(Column::Status.eq(Status::Queued)).add(due);
        let over = Expr::col(Column::LeaseUntil).lt(self.clock.in_postgres(TimeDelta::zero()));
        let left = Condition::all().add(Column::Status.eq(Status::Running)).add(over);
        Condition::any().add(queued).add(left)
    }
}
