//! Finding executions that are owed a job no queue holds: after Redis was emptied, or a worker was lost in a way
//! that the queue did not see. PostgreSQL says what is unfinished; what has no live job is owed one again.

use std::time::Duration;

use sea_orm::{ConnectionTrait as _, DbBackend, FromQueryResult, Statement, TransactionTrait as _};
use triptych_entities::{
    ids::{ExecutionId, ExecutionStepId, JobId, OrganizationId},
    payloads::job::{Job, Queue},
};
use triptych_stores::error::Result;
use uuid::Uuid;

use super::Executions;

/// Rows looked at in one statement.
const BATCH: u64 = 1_000;
/// What changed more recently than this is on its way.
const GRACE: Duration = Duration::from_secs(5);

/// How thorough to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thoroughness {
    /// The regular look: leave alone what is recent.
    Regular,
    /// Redis was emptied: nothing is on its way.
    Emptied,
    /// This process is the only worker and has just started: whatever the queues call active, is not.
    Alone,
}

#[derive(Debug, Clone, FromQueryResult)]
struct Unfinished {
    id: Uuid,
    organization_id: OrganizationId,
    job_id: JobId,
    run_at: Option<chrono::DateTime<chrono::Utc>>,
}

/// Executions that have not begun, and whose job has left the outbox.
const QUEUED_EXECUTIONS: &str = "
    SELECT e.id, e.organization_id, e.job_id, NULL::timestamptz AS run_at
    FROM executions e
    WHERE e.finished_at IS NULL AND e.id > $1 AND e.status = 'QUEUED' AND e.created_at <= $2
      AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.id = e.job_id)
    ORDER BY e.id LIMIT $3";

/// Steps that nobody runs now, and whose job has left the outbox.
const OPEN_STEPS: &str = "
    SELECT s.id, s.organization_id, s.job_id, COALESCE(s.resume_at, s.lease_until) AS run_at
    FROM execution_steps s
    WHERE s.finished_at IS NULL AND s.id > $1 AND s.created_at <= $2 AND s.job_id IS NOT NULL
      AND (s.status <> 'RUNNING' OR s.lease_until < $4)
      AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.id = s.job_id)
    ORDER BY s.id LIMIT $3";

impl Executions {
    /// Owes a job again to everything unfinished that has none, and says how many those were. Owing one too
    /// many is harmless: a job whose work is done does nothing.
    ///
    /// # Errors
    /// If a database does not answer; it may be repeated.
    #[tracing::instrument(skip_all)]
    pub async fn reconcile(&self, thoroughness: Thoroughness) -> Result<usize> {
        let executions = self
            .sweep(thoroughness, QUEUED_EXECUTIONS, Queue::Trigger, "executions", |id| Job::Begin {
                execution_id: ExecutionId(id),
            })
            .await?;
        let steps = self
            .sweep(thoroughness, OPEN_STEPS, Queue::Action, "execution_steps", |id| Job::Step {
                execution_step_id: ExecutionStepId(id),
            })
            .await?;
        if executions + steps > 0 {
            self.outbox.wake();
            tracing::info!(executions, steps, "owed jobs again to what had none");
        }
        Ok(executions + steps)
    }

    async fn sweep(
        &self,
        thoroughness: Thoroughness,
        sql: &str,
        queue: Queue,
        table: &str,
        job: impl Fn(Uuid) -> Job,
    ) -> Result<usize> {
        let mut after = Uuid::nil();
        let mut owed = 0;
        loop {
            let now = self.mint.now();
            let before = if thoroughness == Thoroughness::Regular { now - GRACE } else { now };
            let mut values: Vec<sea_orm::Value> = vec![after.into(), before.into(), BATCH.into()];
            if sql.contains("$4") {
                values.push(now.into());
            }
            let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
            let rows = Unfinished::find_by_statement(statement).all(&self.stores.pg).await?;
            let Some(last) = rows.last() else { return Ok(owed) };
            after = last.id;
            let orphans = self.without_job(thoroughness, queue, rows).await?;
            owed += orphans.len();
            self.owe_again(table, &orphans, &job).await?;
        }
    }

    async fn without_job(
        &self,
        thoroughness: Thoroughness,
        queue: Queue,
        rows: Vec<Unfinished>,
    ) -> Result<Vec<Unfinished>> {
        if thoroughness == Thoroughness::Alone {
            return Ok(rows);
        }
        let ids: Vec<String> = rows.iter().map(|row| row.job_id.0.to_string()).collect();
        let mut missing = self.queues.missing(queue, &ids).await?;
        if queue == Queue::Trigger {
            // A retried execution waits in the flow queue instead.
            let elsewhere = self.queues.missing(Queue::Flow, &ids).await?;
            missing = missing.into_iter().zip(elsewhere).map(|(here, there)| here && there).collect();
        }
        Ok(rows.into_iter().zip(missing).filter_map(|(row, missing)| missing.then_some(row)).collect())
    }

    async fn owe_again(&self, table: &str, lost: &[Unfinished], job: &impl Fn(Uuid) -> Job) -> Result<()> {
        if lost.is_empty() {
            return Ok(());
        }
        let tx = self.stores.pg.begin().await?;
        for row in lost {
            let job_id = self.outbox.owe(&tx, row.organization_id, &job(row.id), row.run_at).await?;
            let sql = format!("UPDATE {table} SET job_id = $2 WHERE id = $1 AND job_id = $3");
            tx.execute_raw(Statement::from_sql_and_values(
                DbBackend::Postgres,
                sql,
                [row.id.into(), job_id.into(), row.job_id.into()],
            ))
            .await?;
        }
        tx.commit().await?;
        Ok(())
    }
}
