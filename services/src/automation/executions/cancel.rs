//! Cancels executions, and retries those that have ended.

use sea_orm::{
    ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QuerySelect as _, Set,
};
use triptych_entities::{
    ids::{ExecutionId, FlowId},
    payloads::{execution_event::ExecutionEvent, job::Job},
    relational::automation::{execution, execution_step},
};
use triptych_stores::{
    access::{Action, Actor, Scope, Scoped as _, Subject},
    error::{Result, ServiceError},
};

use super::Executions;

/// Where a retry starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryFrom {
    /// At the steps that failed; the results of those that succeeded are kept.
    Failed,
    /// At the beginning, with the same trigger data.
    Start,
}

impl Executions {
    /// Cancels an execution. The result of a step that is running is ignored. Canceling an execution that has ended
    /// changes nothing.
    ///
    /// # Errors
    /// `NotFound` also for another organization's execution.
    #[tracing::instrument(skip_all, fields(execution.id = %id))]
    pub async fn cancel(&self, actor: &Actor, id: ExecutionId) -> Result<execution::Model> {
        self.for_change(actor, id).await?;
        self.cancel_now(id).await?.ok_or(ServiceError::NotFound("execution"))
    }

    /// Cancels some of the executions of a deleted flow, and returns their number.
    ///
    /// # Errors
    /// If a database does not answer; it may be repeated.
    pub(crate) async fn cancel_of_flow(&self, flow: FlowId, limit: u64) -> Result<usize> {
        use execution::{Column, Status};
        let ids: Vec<ExecutionId> = execution::Entity::across_tenants()
            .filter(Column::FlowId.eq(flow))
            .filter(Column::Status.is_in([Status::Queued, Status::Running, Status::Waiting]))
            .select_only()
            .column(Column::Id)
            .limit(limit)
            .into_tuple()
            .all(&self.stores.pg)
            .await?;
        for id in &ids {
            self.cancel_now(*id).await?;
        }
        Ok(ids.len())
    }

    /// Cancels an execution, if it has not ended. `None` if it does not exist any more.
    async fn cancel_now(&self, id: ExecutionId) -> Result<Option<execution::Model>> {
        let tx = self.stores.pg.begin().await?;
        let Some(locked) = self.lock(&tx, id).await? else { return Ok(None) };
        if locked.execution.status.is_final() {
            return Ok(Some(locked.execution));
        }
        let now = self.clock.now();
        self.cancel_unfinished(&tx, &locked, now).await?;
        let row = execution::ActiveModel {
            id: Set(id),
            status: Set(execution::Status::Canceled),
            finished_at: Set(Some(now)),
            ..Default::default()
        };
        execution::Entity::update(row).exec_without_returning(&tx).await?;
        let finished_at = Some(now);
        let canceled =
            execution::Model { status: execution::Status::Canceled, finished_at, ..locked.execution };
        tx.commit().await?;
        self.outbox.wake();
        let status = execution::Status::Canceled;
        self.announce(id, now, &[ExecutionEvent::ExecutionFinished { status, error: None, at: now }]).await;
        Ok(Some(canceled))
    }

    /// Retries an execution that has ended, on the version that it ran on.
    ///
    /// # Errors
    /// `Conflict` while it is under way, and when nothing in it failed; `NotFound` also for another
    /// organization's execution.
    #[tracing::instrument(skip_all, fields(execution.id = %id))]
    pub async fn retry(&self, actor: &Actor, id: ExecutionId, from: RetryFrom) -> Result<execution::Model> {
        self.for_change(actor, id).await?;
        let tx = self.stores.pg.begin().await?;
        let locked = self.lock(&tx, id).await?.ok_or(ServiceError::NotFound("execution"))?;
        if !locked.execution.status.is_final() {
            return Err(ServiceError::conflict("this execution is still under way"));
        }
        let mut again = execution_step::Entity::delete_within(Scope::whole(locked.execution.organization_id))
            .filter(execution_step::Column::ExecutionId.eq(id));
        if from == RetryFrom::Failed {
            if locked.execution.status == execution::Status::Succeeded {
                return Err(ServiceError::conflict("nothing failed in this execution"));
            }
            again = again.filter(execution_step::Column::Status.ne(execution_step::Status::Succeeded));
        }
        again.exec(&tx).await?;
        // An execution that has steps is not started again, but only advanced.
        let job = match from {
            RetryFrom::Failed => Job::Advance { execution_id: id },
            RetryFrom::Start => Job::Begin { execution_id: id },
        };
        let organization = locked.execution.organization_id;
        let job_id = self.outbox.insert(&tx, organization, &job, None).await?;
        let row = execution::ActiveModel {
            id: Set(id),
            status: Set(execution::Status::Queued),
            job_id: Set(job_id),
            error_code: Set(None),
            error_message: Set(None),
            finished_at: Set(None),
            ..Default::default()
        };
        execution::Entity::update(row).exec_without_returning(&tx).await?;
        let queued = execution::Model {
            status: execution::Status::Queued,
            job_id,
            error_code: None,
            error_message: None,
            finished_at: None,
            ..locked.execution
        };
        tx.commit().await?;
        self.outbox.wake();
        // The end of the execution ended the stream, so a new one is started.
        let topic = triptych_stores::live::Topic::of(id);
        if let Err(error) = self.live.restart(&topic).await {
            tracing::warn!(%error, execution.id = %id, "live: the stream of a retried execution was not restarted");
        }
        Ok(queued)
    }

    async fn for_change(&self, actor: &Actor, id: ExecutionId) -> Result<()> {
        let scope = actor.scope(Action::Update, Subject::Execution)?;
        let query = execution::Entity::within(scope).filter(execution::Column::Id.eq(id));
        match query.count(&self.stores.pg).await? {
            0 => Err(ServiceError::NotFound("execution")),
            _ => Ok(()),
        }
    }
}
