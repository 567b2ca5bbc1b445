//! Deletes old events, in batches that hold no lock for long.

use std::time::Duration;

use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use triptych_stores::{error::StoreError, ids::first_id_at};

use super::Audit;

/// Events that one statement deletes.
const BATCH: u64 = 1_000;

impl Audit {
    /// Deletes the events that are older than the retention, and returns their number. Any number of processes may do
    /// so at the same time.
    ///
    /// # Errors
    /// If PostgreSQL does not answer. What was deleted until then stays deleted.
    pub async fn delete_old(&self) -> Result<u64, StoreError> {
        let Some(retention) = self.retention else { return Ok(0) };
        let before = first_id_at(self.clock.now() - retention.min(Duration::from_hours(24 * 36_500)));
        let sql = format!(
            "DELETE FROM audit_events WHERE id IN (SELECT id FROM audit_events WHERE id < $1 ORDER BY id
             LIMIT {BATCH} FOR UPDATE SKIP LOCKED)"
        );
        let mut deleted = 0;
        loop {
            let statement = Statement::from_sql_and_values(DbBackend::Postgres, &sql, [before.into()]);
            let batch = self.stores.pg.execute_raw(statement).await?.rows_affected();
            deleted += batch;
            if batch < BATCH {
                return Ok(deleted);
            }
        }
    }
}
