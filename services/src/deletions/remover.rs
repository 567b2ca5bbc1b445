//! The task that removes what belongs to deleted objects. Any number of processes may run one.

use std::time::Duration;

use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, Set,
    sea_query::{Expr, ExprTrait as _, LockBehavior, LockType},
};
use tokio::time::Instant;
use triptych_entities::{
    ids::DeletionId,
    relational::deletion::{ActiveModel, Column, Entity, Model, Subject},
};
use triptych_stores::{
    access::Scoped as _, connections::Stores, error::Result, fetch::Fetch as _, postgres::Transaction,
};

use super::Deletions;
use crate::{
    automation::executions::Executions,
    conversations::{generations::Generations, threads::Threads},
};

/// Interval of polls, for deletions that another process has accepted. A poll is one read of an index, which is empty
/// most of the time.
const POLL: Duration = Duration::from_secs(2);
/// Pause after a failure.
const RETRY_DELAY: Duration = Duration::from_secs(2);
/// Deletions that are worked on alternately.
const AT_A_TIME: u64 = 20;
/// Objects that one batch removes, at first and at most.
const FIRST_BATCH: u64 = 50;
const LARGEST_BATCH: u64 = 500;
/// The time that a batch should take.
const BATCH_TIME: Duration = Duration::from_millis(100);
/// Shortest pause between batches.
const PAUSE: Duration = Duration::from_millis(10);

/// Removes what belongs to deleted objects.
#[derive(Clone)]
pub struct Remover {
    pub(super) stores: Stores,
    pub(super) executions: Executions,
    pub(super) generations: Generations,
    pub(super) threads: Threads,
    deletions: Deletions,
}

impl Remover {
    pub(crate) fn new(
        deletions: Deletions,
        executions: Executions,
        generations: Generations,
        threads: Threads,
    ) -> Self {
        Self { stores: deletions.stores.clone(), executions, generations, threads, deletions }
    }

    /// Works until the future is dropped, which loses nothing. Pauses as long as it works, so that a large deletion leaves
    /// capacity to others.
    pub async fn run(&self) {
        let mut batch = FIRST_BATCH;
        loop {
            let begun = Instant::now();
            let pause = match self.round(&mut batch).await {
                Ok(0) => {
                    // Woken or not: then it is time to look.
                    let _ = tokio::time::timeout(POLL, self.deletions.wake.notified()).await;
                    continue;
                }
                Ok(_) => begun.elapsed().max(PAUSE),
                Err(error) => {
                    tracing::warn!(%error, "deletions were not read, retrying");
                    RETRY_DELAY
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Works on each unfinished deletion for one batch. Returns their number.
    async fn round(&self, batch: &mut u64) -> Result<usize> {
        let unfinished = Entity::across_tenants()
            .filter(Column::FinishedAt.is_null())
            .order_by_asc(Column::Id)
            .limit(AT_A_TIME)
            .fetch(&self.stores.pg)
            .await?;
        let mut failed = 0;
        for deletion in &unfinished {
            let begun = Instant::now();
            if let Err(error) = self.remove_batch(deletion, *batch).await {
                tracing::warn!(%error, deletion.id = %deletion.id, deleted.id = deletion.deleted_id(), "a deletion made no progress, retrying");
                failed += 1;
            }
            *batch = match begun.elapsed() {
                long if long > BATCH_TIME * 2 => Ord::max(*batch / 2, 1),
                short if short < BATCH_TIME / 2 => Ord::min(*batch * 2, LARGEST_BATCH),
                _ => *batch,
            };
        }
        if failed > 0 && failed == unfinished.len() {
            tokio::time::sleep(RETRY_DELAY).await;
        }
        Ok(unfinished.len())
    }

    async fn remove_batch(&self, deletion: &Model, batch: u64) -> Result<()> {
        match deletion.subject {
            Subject::Flow => self.remove_flow(deletion, batch).await,
            Subject::Thread => self.remove_thread(deletion, batch).await,
        }
    }

    /// Locks a deletion for the rest of the transaction. False if another process works on it, or has finished it.
    pub(super) async fn lock(&self, tx: &Transaction, id: DeletionId) -> Result<bool> {
        let locked = Entity::across_tenants()
            .filter(Column::Id.eq(id))
            .filter(Column::FinishedAt.is_null())
            .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked)
            .fetch(tx)
            .await?;
        Ok(!locked.is_empty())
    }

    /// Stores the number of objects to remove.
    pub(super) async fn count(&self, id: DeletionId, total: u64) -> Result<()> {
        let total = i64::try_from(total).unwrap_or(i64::MAX);
        let row = ActiveModel { id: Set(id), total: Set(Some(total)), ..Default::default() };
        Entity::update(row).exec_without_returning(&self.stores.pg).await?;
        Ok(())
    }

    /// Adds to the number of objects that were removed.
    pub(super) async fn progress(&self, tx: &Transaction, id: DeletionId, removed: u64) -> Result<()> {
        let removed = i64::try_from(removed).unwrap_or(i64::MAX);
        Entity::update_across_tenants()
            .col_expr(Column::Removed, Expr::col(Column::Removed).add(removed))
            .filter(Column::Id.eq(id))
            .exec(tx)
            .await?;
        Ok(())
    }

    /// Ends a deletion.
    pub(super) async fn finish(&self, tx: &Transaction, id: DeletionId) -> Result<()> {
        let finished_at = Set(Some(self.deletions.clock.now()));
        ActiveModel { id: Set(id), finished_at, ..Default::default() }.update(tx).await?;
        Ok(())
    }
}
