//! The relay moves jobs from the outbox table to the queues. Any number of processes may run one.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    sea_query::{LockBehavior, LockType},
};
use tokio_util::sync::CancellationToken;
use triptych_entities::{
    ids::Id as _,
    payloads::job::Queue,
    relational::outbox::{Column, Entity, Model},
};

use super::Outbox;
use crate::{
    error::StoreError,
    queues::Addition,
    tasks::{Turn, supervise},
};

/// Limit of rows moved in one transaction.
const BATCH: u64 = 500;
/// Interval of polls, for rows whose process did not wake the relay, as after a crash.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// Pause after a failure.
const RETRY_DELAY: Duration = Duration::from_millis(250);

impl Outbox {
    /// Moves rows until `stop` is cancelled.
    pub async fn relay(&self, stop: CancellationToken) {
        self.turns.succeeded(Turn::Relay);
        supervise(Turn::Relay.name(), || self.move_rows(&stop)).await;
    }

    async fn move_rows(&self, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            let moved = self.drain_batch().await;
            if moved.is_ok() {
                self.turns.succeeded(Turn::Relay);
            }
            match moved {
                Ok(moved) if moved == BATCH => {}
                Ok(_) => {
                    tokio::select! {
                        () = self.wake.notified() => {}
                        () = tokio::time::sleep(POLL_INTERVAL) => {}
                        () = stop.cancelled() => return,
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "moving jobs from the outbox to the queues failed, retrying");
                    tokio::time::sleep(RETRY_DELAY).await;
                }
            }
        }
    }

    /// Moves one batch of rows, and returns their number.
    ///
    /// # Errors
    /// If a database is unavailable. Rows whose jobs were added remain, and adding them again has no effect.
    pub async fn drain_batch(&self) -> Result<u64, StoreError> {
        // Redis is called inside this transaction on purpose: its row locks exclude other relays, nothing else waits for
        // these rows, and the calls have a time limit.
        let tx = self.stores.work.begin().await?;
        let rows = Entity::find()
            .order_by_asc(Column::Id)
            .limit(BATCH)
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
            .all(&tx)
            .await?;
        if rows.is_empty() {
            return Ok(0);
        }
        let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        let now = self.clock.now();
        let additions = rows.into_iter().filter_map(|row| addition(row, now)).collect();
        self.queues.add(additions).await?;
        let moved = Entity::delete_many().filter(Column::Id.is_in(ids)).exec(&tx).await?.rows_affected;
        tx.commit().await?;
        Ok(moved)
    }
}

fn addition(row: Model, now: DateTime<Utc>) -> Option<Addition> {
    let Some(queue) = Queue::by_name(&row.queue) else {
        tracing::error!(job.id = %row.id, queue = row.queue, job.name = row.name, "unknown queue, discarding the job");
        return None;
    };
    Some(Addition {
        queue,
        name: row.name,
        id: row.id.uuid().to_string(),
        payload: row.payload,
        delay: row.run_at.and_then(|at| (at - now).to_std().ok()),
    })
}
