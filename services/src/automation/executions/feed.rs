//! The live feed of an execution. PostgreSQL has the result of each step and of the execution, so lost events are
//! recovered as the `StepFinished` events that the subscriber did not receive.

use std::collections::HashSet;

use futures::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use triptych_entities::{
    failure::Failure,
    ids::{ExecutionId, ExecutionStepId},
    payloads::execution_event::ExecutionEvent,
    relational::automation::{execution, execution_step},
};
use triptych_stores::{
    access::{Actor, Scope, Scoped as _},
    connections::Stores,
    error::{Result, ServiceError, StoreError},
    fetch::Fetch as _,
    ids::IdColumn as _,
    live::{self, End, Feed, Lost, Marks, Topic},
};

use super::{Executions, advance::finished_event};

pub type Envelope = live::Envelope<ExecutionId, ExecutionEvent>;

/// The feed of one execution, for one subscriber.
pub struct ExecutionFeed {
    service: Executions,
    execution: execution::Model,
    /// Steps whose end was sent.
    finished: HashSet<ExecutionStepId>,
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
        ExecutionFeed { service: self.clone(), execution, finished: HashSet::new() }
    }
}

impl Feed for ExecutionFeed {
    type Subject = ExecutionId;
    type Event = ExecutionEvent;
    type Error = ServiceError;

    const KIND: &'static str = "execution";

    fn subject(&self) -> ExecutionId {
        self.execution.id
    }

    fn topic(&self) -> Topic {
        Topic::of(self.execution.id)
    }

    async fn refresh(&mut self) -> Result<()> {
        let found = execution::Entity::within(Scope::whole(self.execution.organization_id))
            .filter(execution::Column::Id.eq(self.execution.id))
            .fetch_columns(&self.service.stores.pg, execution::without_trigger())
            .await?
            .pop();
        self.execution = found.ok_or(ServiceError::NotFound("execution"))?;
        Ok(())
    }

    fn end(&self) -> Option<End<ExecutionEvent>> {
        let execution = &self.execution;
        let at = execution.finished_at.filter(|_| execution.status.is_final())?;
        let error = failure(execution);
        let event = ExecutionEvent::ExecutionFinished { status: execution.status, error, at };
        Some(End { at: None, event })
    }

    async fn recover(&mut self, _: Lost) -> Result<Option<Vec<ExecutionEvent>>> {
        let pg = &self.service.stores.pg;
        let ended = [execution_step::Status::Succeeded, execution_step::Status::Failed];
        let rows = execution_step::Entity::within(Scope::whole(self.execution.organization_id))
            .filter(execution_step::Column::ExecutionId.eq(self.execution.id))
            .filter(execution_step::Column::Status.is_in(ended))
            .order_by_asc(execution_step::Column::Id)
            .fetch_columns(pg, execution_step::without_values())
            .await?;
        let graph = self.service.graphs.load(pg, self.execution.version_id).await?;
        let mut events = Vec::new();
        for row in rows {
            if self.finished.insert(row.id)
                && let Some(step) = graph.step(row.step_id)
            {
                events.push(finished_event(step, &row, row.finished_at.unwrap_or(row.created_at)));
            }
        }
        Ok(Some(events))
    }

    /// The stream may still contain events of steps whose end was recovered.
    fn admits(&mut self, event: &ExecutionEvent) -> bool {
        match event {
            ExecutionEvent::StepFinished { execution_step_id, .. } => {
                self.finished.insert(*execution_step_id)
            }
            ExecutionEvent::StepStarted { execution_step_id, .. }
            | ExecutionEvent::StepRetrying { execution_step_id, .. } => {
                !self.finished.contains(execution_step_id)
            }
            _ => true,
        }
    }
}

/// The statuses of executions, for all subscribers of the process together.
pub(super) struct Statuses(pub(super) Stores);

impl live::Overview for Statuses {
    fn marks(&self, ids: Vec<String>) -> BoxFuture<'_, Result<Marks, StoreError>> {
        let ids: Vec<ExecutionId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        async move {
            let rows: Vec<(ExecutionId, execution::Status)> = execution::Entity::across_tenants()
                .select_only()
                .columns([execution::Column::Id, execution::Column::Status])
                .filter(execution::Column::Id.any_of(&ids))
                .into_tuple()
                .all(&self.0.pg)
                .await?;
            Ok(rows.into_iter().map(|(id, status)| (id.to_string(), status as i64)).collect())
        }
        .boxed()
    }
}

fn failure(row: &execution::Model) -> Option<Failure> {
    let code = row.error_code.clone()?;
    Some(Failure::new(code, row.error_message.clone().unwrap_or_default()))
}
