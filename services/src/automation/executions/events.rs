//! Following an execution live, whatever became of its stream.

use std::collections::HashSet;

use futures::{Stream, StreamExt as _, stream};
use triptych_entities::{
    ids::{ExecutionId, ExecutionStepId},
    payloads::execution_event::ExecutionEvent,
    relational::automation::{execution, execution_step},
};
use triptych_stores::{
    access::Actor,
    error::{Invalid, Result, ServiceError},
    live::{LiveItem, Position, Topic},
};

use super::{Executions, advance::finished_event};

/// An event and its place in the stream.
#[derive(Debug, Clone)]
pub struct Envelope {
    pub execution_id: ExecutionId,
    pub position: Position,
    pub event: ExecutionEvent,
}

/// What a follower has been told, so that nothing is told twice and nothing that matters is left out.
struct Told {
    executions: Executions,
    id: ExecutionId,
    position: Position,
    finished: HashSet<ExecutionStepId>,
    ended: bool,
}

impl Executions {
    /// What happened after the cursor, then what happens. Ends after the execution's end. Events that the stream
    /// has lost are told again from the history: each step's end, and the execution's.
    ///
    /// # Errors
    /// `NotFound` also for another organization's execution; `Invalid` for a cursor of something else.
    pub async fn events(
        &self,
        actor: &Actor,
        id: ExecutionId,
        after: Option<&str>,
    ) -> Result<impl Stream<Item = Result<Envelope>> + Send + use<>> {
        self.get(actor, id).await?;
        let after: Option<Position> = after
            .map(str::parse)
            .transpose()
            .map_err(|error: triptych_stores::live::NotAPosition| Invalid::one("after", error.to_string()))?;
        Ok(self.follow(id, after))
    }

    /// As [`Executions::events`], for whoever may see the execution.
    pub(super) fn follow(
        &self,
        id: ExecutionId,
        after: Option<Position>,
    ) -> impl Stream<Item = Result<Envelope>> + Send + use<> {
        let told = Told {
            executions: self.clone(),
            id,
            position: after.unwrap_or_default(),
            finished: HashSet::new(),
            ended: false,
        };
        let live = Box::pin(self.live.follow(Topic::Execution(id), after));
        let batches = stream::unfold((live, told), |(mut live, mut told)| async move {
            if told.ended {
                return None;
            }
            let item = live.next().await?;
            let batch = match item {
                Ok(item) => told.take(item).await,
                Err(error) => Err(error.into()),
            };
            told.ended |= batch.is_err();
            let batch: Vec<_> = match batch {
                Ok(envelopes) => envelopes.into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error)],
            };
            Some((stream::iter(batch), (live, told)))
        });
        batches.flatten()
    }
}

impl Told {
    async fn take(&mut self, item: LiveItem) -> Result<Vec<Envelope>> {
        match item {
            LiveItem::Entry(entry) => {
                let event: ExecutionEvent =
                    serde_json::from_str(&entry.payload).map_err(triptych_stores::error::StoreError::from)?;
                self.position = entry.position;
                if let ExecutionEvent::StepFinished { execution_step_id, .. } = &event {
                    self.finished.insert(*execution_step_id);
                }
                self.ended = event.is_terminal();
                Ok(vec![Envelope { execution_id: self.id, position: entry.position, event }])
            }
            LiveItem::Gap => self.retell(false).await,
            LiveItem::Quiet => self.retell(true).await,
        }
    }

    /// Whether the follower's cursor is that of the stream's last event, and that event the execution's end.
    async fn has_heard_the_end(&mut self) -> Result<bool> {
        let last = self.executions.live.last(&Topic::Execution(self.id)).await?;
        self.ended = last.is_some_and(|entry| {
            entry.position == self.position
                && serde_json::from_str(&entry.payload).is_ok_and(|event: ExecutionEvent| event.is_terminal())
        });
        Ok(self.ended)
    }

    /// Tells what the history knows and this follower does not. When all is quiet, only an end is news.
    async fn retell(&mut self, only_if_ended: bool) -> Result<Vec<Envelope>> {
        let row = self.executions.row(self.id).await?;
        if only_if_ended && (!row.status.is_final() || self.has_heard_the_end().await?) {
            return Ok(Vec::new());
        }
        let graph = self.executions.graphs.load(&self.executions.stores.pg, row.version_id).await?;
        let mut events = Vec::new();
        for step_row in self.executions.step_rows(self.id).await? {
            let ended =
                matches!(step_row.status, execution_step::Status::Succeeded | execution_step::Status::Failed);
            if ended
                && self.finished.insert(step_row.id)
                && let Some(step) = graph.step(step_row.step_id)
            {
                events.push(finished_event(step, &step_row, step_row.finished_at.unwrap_or(row.created_at)));
            }
        }
        if let Some(at) = row.finished_at.filter(|_| only_if_ended) {
            self.ended = true;
            events.push(ExecutionEvent::ExecutionFinished { status: row.status, error: row.failure(), at });
        }
        Ok(events
            .into_iter()
            .map(|event| {
                // Told outside the stream: the cursor stays where the stream was.
                Envelope { execution_id: self.id, position: self.position, event }
            })
            .collect())
    }
}

impl Executions {
    async fn row(&self, id: ExecutionId) -> Result<execution::Model> {
        use sea_orm::EntityTrait as _;
        execution::Entity::find_by_id(id)
            .one(&self.stores.pg)
            .await?
            .ok_or(ServiceError::NotFound("execution"))
    }

    async fn step_rows(&self, id: ExecutionId) -> Result<Vec<execution_step::Model>> {
        use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
        Ok(execution_step::Entity::find()
            .filter(execution_step::Column::ExecutionId.eq(id))
            .order_by_asc(execution_step::Column::Id)
            .all(&self.stores.pg)
            .await?)
    }
}
