//! The relay: from the table into the queues. Any number of processes may run one.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    TransactionTrait as _,
    sea_query::{LockBehavior, LockType},
};
use tokio_util::sync::CancellationToken;
use triptych_entities::{
    ids::Id as _,
    payloads::job::Queue,
    relational::outbox::{Column, Entity, Model},
};

use super::Outbox;
use crate::{error::StoreError, queues::Addition};

/// Rows moved in one transaction.
const BATCH: u64 = 500;
/// How long a row can wait when no bell rang, as after a crash.
const PATIENCE: Duration = Duration::from_millis(500);
/// The wait after a failure.
const RECOVERY: Duration = Duration::from_millis(250);

impl Outbox {
    /// Moves rows until told to stop.
    pub async fn relay(&self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            match self.drain_batch().await {
                Ok(moved) if moved == BATCH => {}
                Ok(_) => {
                    tokio::select! {
                        () = self.bell.notified() => {}
                        () = tokio::time::sleep(PATIENCE) => {}
                        () = stop.cancelled() => return,
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "outbox: could not move jobs, trying again");
                    tokio::time::sleep(RECOVERY).await;
                }
            }
        }
    }

    /// Moves what is owed now and says how many rows that were.
    ///
    /// # Errors
    /// If a database does not answer. Rows whose jobs were added stay, and are added again to no effect.
    pub async fn drain_batch(&self) -> Result<u64, StoreError> {
        // The queues are called within this transaction on purpose: its row locks keep other relays off these
        // rows, nobody else ever waits for them, and the calls have a time-out.
        let tx = self.stores.pg.begin().await?;
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
        let now = self.mint.now();
        let additions = rows.into_iter().filter_map(|row| addition(row, now)).collect();
        self.queues.add(additions).await?;
        let moved = Entity::delete_many().filter(Column::Id.is_in(ids)).exec(&tx).await?.rows_affected;
        tx.commit().await?;
        Ok(moved)
    }
}

fn addition(row: Model, now: DateTime<Utc>) -> Option<Addition> {
    let Some(queue) = Queue::by_name(&row.queue) else {
        tracing::error!(queue = row.queue, "outbox: no such queue; the row is dropped");
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
