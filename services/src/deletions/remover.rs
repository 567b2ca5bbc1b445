//! The task that removes what belongs to deleted objects. Any number of processes may run one.

use std::time::Duration;

use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    Set,
    sea_query::{Expr, ExprTrait as _, Func, LockBehavior, LockType, SimpleExpr},
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
    identity::Sessions,
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

/// Pause when nothing can be removed at present.
const WAIT: Duration = Duration::from_millis(250);
/// Pause of a deletion that waits for another one.
const POSTPONED: Duration = Duration::from_secs(5);
/// Time after which no request that was authenticated before an account or an organization was deleted can still write:
/// connections authenticate again every minute, and a request ends within `limits.execution_seconds`, a minute by default.
const SETTLED: Duration = Duration::from_mins(3);

/// What a batch has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// It has made progress, so the next can follow.
    Working,
    /// Nothing can be removed at present.
    Waiting,
}

/// Removes what belongs to deleted objects.
#[derive(Clone)]
pub struct Remover {
    pub(super) stores: Stores,
    pub(super) executions: Executions,
    pub(super) generations: Generations,
    pub(super) threads: Threads,
    pub(super) sessions: Sessions,
    pub(super) deletions: Deletions,
}

impl Remover {
    pub(crate) fn new(
        deletions: Deletions,
        executions: Executions,
        generations: Generations,
        threads: Threads,
        sessions: Sessions,
    ) -> Self {
        Self { stores: deletions.stores.clone(), executions, generations, threads, sessions, deletions }
    }

    /// Works until the future is dropped, which loses nothing. Pauses as long as it works, so that a large deletion leaves
    /// capacity to others.
    pub async fn run(&self) {
        let mut batch = FIRST_BATCH;
        loop {
            let begun = Instant::now();
            let pause = match self.round(&mut batch).await {
                Ok(None) => {
                    // Woken or not: then it is time to look.
                    let _ = tokio::time::timeout(POLL, self.deletions.wake.notified()).await;
                    continue;
                }
                Ok(Some(Pace::Waiting)) => WAIT,
                Ok(Some(Pace::Working)) => begun.elapsed().max(PAUSE),
                Err(error) => {
                    tracing::warn!(%error, "deletions were not read, retrying");
                    RETRY_DELAY
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Works on each unfinished deletion for one batch. `None` if there are none.
    async fn round(&self, batch: &mut u64) -> Result<Option<Pace>> {
        let unfinished = Entity::across_tenants()
            .filter(Column::FinishedAt.is_null())
            .filter(Column::ResumeAt.is_null().or(Column::ResumeAt.lte(self.deletions.clock.now())))
            .order_by_asc(Column::Id)
            .limit(AT_A_TIME)
            .fetch(&self.stores.pg)
            .await?;
        let (mut failed, mut pace) = (0, Pace::Waiting);
        for deletion in &unfinished {
            let begun = Instant::now();
            match self.remove_batch(deletion, *batch).await {
                Ok(Pace::Working) => pace = Pace::Working,
                Ok(Pace::Waiting) => {}
                Err(error) => {
                    tracing::warn!(%error, deletion.id = %deletion.id, deleted.id = deletion.deleted_id(), "a deletion made no progress, retrying");
                    failed += 1;
                }
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
        Ok((!unfinished.is_empty()).then_some(pace))
    }

    async fn remove_batch(&self, deletion: &Model, batch: u64) -> Result<Pace> {
        match deletion.subject {
            Subject::Flow => self.remove_flow(deletion, batch).await,
            Subject::Thread => self.remove_thread(deletion, batch).await,
            Subject::Organization => self.remove_organization(deletion, batch).await,
            Subject::Account => self.remove_account(deletion, batch).await,
        }
    }

    /// Begins a transaction that holds the lock of a deletion. `None` if another process works on it, or has finished it.
    pub(super) async fn begin(&self, id: DeletionId) -> Result<Option<Transaction>> {
        let tx = self.stores.pg.begin().await?;
        let locked = Entity::across_tenants()
            .filter(Column::Id.eq(id))
            .filter(Column::FinishedAt.is_null())
            .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked)
            .fetch(&tx)
            .await?;
        Ok((!locked.is_empty()).then_some(tx))
    }

    /// Stores the number of objects to remove.
    pub(super) async fn count(&self, id: DeletionId, total: u64) -> Result<()> {
        let total = i64::try_from(total).unwrap_or(i64::MAX);
        let row = ActiveModel { id: Set(id), total: Set(Some(total)), ..Default::default() };
        Entity::update(row).exec_without_returning(&self.stores.pg).await?;
        Ok(())
    }

    /// Adds to the number of objects that were removed.
    pub(super) async fn progress(
        &self,
        tx: &impl ConnectionTrait,
        id: DeletionId,
        removed: u64,
    ) -> Result<()> {
        let removed = i64::try_from(removed).unwrap_or(i64::MAX);
        Entity::update_across_tenants()
            .col_expr(Column::Removed, Expr::col(Column::Removed).add(removed))
            .filter(Column::Id.eq(id))
            .exec(tx)
            .await?;
        Ok(())
    }

    /// Pauses the work on a deletion until no request that began before it can write any more. Whether that is later.
    pub(super) async fn pauses_until_settled(&self, deletion: &Model) -> Result<bool> {
        let settled = deletion.created_at + SETTLED;
        if self.deletions.clock.now() >= settled {
            return Ok(false);
        }
        Entity::update_across_tenants()
            .col_expr(Column::ResumeAt, Expr::value(settled))
            .col_expr(Column::Removed, all_removed())
            .filter(Column::Id.eq(deletion.id))
            .exec(&self.stores.pg)
            .await?;
        Ok(true)
    }

    /// Pauses the work on a deletion that waits for another one, so that it takes no place from those that can go on.
    pub(super) async fn postpone(&self, id: DeletionId) -> Result<Pace> {
        Entity::update_across_tenants()
            .col_expr(Column::ResumeAt, Expr::value(self.deletions.clock.now() + POSTPONED))
            .filter(Column::Id.eq(id))
            .exec(&self.stores.pg)
            .await?;
        Ok(Pace::Waiting)
    }

    /// Ends a deletion.
    pub(super) async fn finish(&self, tx: &Transaction, id: DeletionId) -> Result<()> {
        Entity::update_across_tenants()
            .col_expr(Column::FinishedAt, Expr::value(self.deletions.clock.now()))
            .col_expr(Column::Removed, all_removed())
            .filter(Column::Id.eq(id))
            .exec(tx)
            .await?;
        Ok(())
    }
}

/// The number of removed objects when nothing is left. Other deletions may have removed some of those that were counted.
fn all_removed() -> SimpleExpr {
    Func::greatest([Expr::col(Column::Removed), Expr::col(Column::Total)]).into()
}
