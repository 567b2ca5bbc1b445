//! Who runs a step now. A worker claims it for a while and goes on claiming it while it runs; a step whose
//! worker was lost can be claimed by another.

use std::{collections::HashMap, sync::Arc, time::Duration};

use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DbBackend, EntityTrait as _, FromQueryResult, QueryFilter as _,
    QuerySelect as _, Statement,
};
use serde_json::Value;
use triptych_entities::{
    ids::{ExecutionStepId, StepId},
    payloads::execution_event::ExecutionEvent,
    relational::automation::{execution, execution_step, step},
};
use triptych_stores::error::Result;
use uuid::Uuid;

use super::Executions;
use crate::automation::flows::Graph;

/// How long a claim holds without being renewed.
pub const LEASE: Duration = Duration::from_secs(15);

/// How early a step that waits may be resumed.
const EARLY: Duration = Duration::from_millis(50);

/// A step that this worker may run now.
#[derive(Debug, Clone)]
pub struct Claim {
    pub worker: Uuid,
    pub execution: execution::Model,
    pub row: execution_step::Model,
    pub step: step::Model,
    pub graph: Arc<Graph>,
    /// The outputs of the steps that have ended, by step key.
    pub outputs: HashMap<String, Value>,
    /// The step has waited and its time has come: it ends with the output that it waited with.
    pub resumed: bool,
}

impl Executions {
    /// Claims a step. `None` when there is nothing to do: it has ended, is gone, is not due, or another worker
    /// has it.
    ///
    /// # Errors
    /// If a database does not answer; it may be repeated.
    pub async fn claim(&self, id: ExecutionStepId, worker: Uuid) -> Result<Option<Claim>> {
        let now = self.mint.now();
        // A queue counts in whole milliseconds, and may bring a step that waits a moment early.
        let due = now + EARLY;
        let sql = "UPDATE execution_steps s
            SET status = 'RUNNING', lease_owner = $2, lease_until = $4,
                started_at = COALESCE(s.started_at, $3),
                attempt = s.attempt + CASE WHEN s.resume_at IS NULL THEN 1 ELSE 0 END
            FROM executions e
            WHERE s.id = $1 AND e.id = s.execution_id AND e.finished_at IS NULL
              AND (s.status = 'QUEUED'
                   OR (s.status = 'WAITING' AND s.resume_at <= $5)
                   OR (s.status = 'RUNNING' AND s.lease_until < $3))
            RETURNING s.*";
        let statement = Statement::from_sql_and_values(
            DbBackend::Postgres,
            sql,
            [id.into(), worker.into(), now.into(), (now + LEASE).into(), due.into()],
        );
        // Losing a claim to a crash loses nothing, so it need not wait for the disk.
        let claimed = execution_step::Model::find_by_statement(statement).one(&self.relaxed).await?;
        let Some(row) = claimed else { return Ok(None) };
        let Some(execution) = execution::Entity::find_by_id(row.execution_id).one(&self.stores.pg).await?
        else {
            return Ok(None);
        };
        let graph = self.graphs.load(&self.stores.pg, execution.version_id).await?;
        let step = graph.step(row.step_id).cloned().ok_or_else(|| super::advance::broken(execution.id))?;
        let outputs = self.outputs(&execution, &graph).await?;
        // `resume_at` is set only while a step that has done its work waits.
        let resumed = row.resume_at.is_some();
        if !resumed {
            let started = ExecutionEvent::StepStarted {
                step_id: step.id,
                step_key: step.key.clone(),
                execution_step_id: row.id,
                attempt: row.attempt,
                at: now,
            };
            self.announce(execution.id, now, &[started]).await;
        }
        Ok(Some(Claim { worker, execution, row, step, graph, outputs, resumed }))
    }

    async fn outputs(&self, execution: &execution::Model, graph: &Graph) -> Result<HashMap<String, Value>> {
        let rows: Vec<(StepId, Option<Value>)> = execution_step::Entity::find()
            .select_only()
            .column(execution_step::Column::StepId)
            .column(execution_step::Column::Output)
            .filter(execution_step::Column::ExecutionId.eq(execution.id))
            .filter(execution_step::Column::Status.eq(execution_step::Status::Succeeded))
            .into_tuple()
            .all(&self.stores.pg)
            .await?;
        Ok(rows
            .into_iter()
            .filter_map(|(id, output)| Some((graph.step(id)?.key.clone(), output.unwrap_or(Value::Null))))
            .collect())
    }

    /// Goes on claiming the steps that a worker runs. Those that it lost are left out of the answer.
    ///
    /// # Errors
    /// If PostgreSQL does not answer; the claims then run out by themselves.
    pub async fn renew(&self, worker: Uuid, ids: &[ExecutionStepId]) -> Result<Vec<ExecutionStepId>> {
        #[derive(FromQueryResult)]
        struct Renewed {
            id: ExecutionStepId,
        }
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let sql = "UPDATE execution_steps SET lease_until = $3
                   WHERE id = ANY($1) AND lease_owner = $2 AND status = 'RUNNING' RETURNING id";
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let until = self.mint.now() + LEASE;
        let statement = Statement::from_sql_and_values(
            DbBackend::Postgres,
            sql,
            [ids.into(), worker.into(), until.into()],
        );
        let renewed = Renewed::find_by_statement(statement).all(&self.relaxed).await?;
        Ok(renewed.into_iter().map(|row| row.id).collect())
    }

    /// Gives up all claims there are. Only for a process that knows itself to be the only worker, at its start.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub async fn release_all(&self) -> Result<()> {
        let sql =
            "UPDATE execution_steps SET lease_until = $1 WHERE finished_at IS NULL AND status = 'RUNNING'";
        let long_ago = self.mint.now() - Duration::from_secs(1);
        self.stores
            .pg
            .execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [long_ago.into()]))
            .await?;
        Ok(())
    }
}
