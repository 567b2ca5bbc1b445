//! Plans the firings of schedules. PostgreSQL knows the next time of each schedule; what happens with one firing has no
//! influence on the next.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, Set,
    sea_query::{Expr, ExprTrait as _, LockBehavior, LockType},
};
use triptych_entities::{
    payloads::job::Job,
    relational::automation::{schedule, schedule_firing},
};
use triptych_stores::{access::Scoped as _, error::Result, fetch::Fetch as _, postgres::Transaction};

use super::Flows;
use crate::automation::integrations::Times;

/// Schedules planned in one transaction.
const BATCH: u64 = 100;
/// How long before its time a firing is planned, so that its job is in the queue when it is due.
const AHEAD: TimeDelta = TimeDelta::seconds(2);
/// Interval at which [`Flows::plan_firings`] is to be called.
pub const PLANNING_INTERVAL: Duration = Duration::from_secs(1);

impl Flows {
    /// Plans what is due soon, and returns the number of firings. Any number of processes may call it; each time of a
    /// schedule is planned once.
    ///
    /// # Errors
    /// If PostgreSQL does not answer; it may be repeated.
    pub async fn plan_firings(&self) -> Result<usize> {
        let mut planned = 0;
        loop {
            let tx = self.stores.work.begin().await?;
            let soon = Expr::col(schedule::Column::NextAt).lte(self.clock.in_postgres(AHEAD));
            let due = schedule::Entity::across_tenants()
                .filter(soon)
                .order_by_asc(schedule::Column::NextAt)
                .limit(BATCH)
                .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked)
                .fetch(&tx)
                .await?;
            if due.is_empty() {
                return Ok(planned);
            }
            let now = self.clock.read_postgres(&tx).await?;
            for schedule in &due {
                planned += self.plan(&tx, schedule, now).await?;
            }
            tx.commit().await?;
            self.outbox.wake();
            if u64::try_from(due.len()).is_ok_and(|count| count < BATCH) {
                return Ok(planned);
            }
        }
    }

    /// Plans the times of one schedule, and stores which is the next.
    async fn plan(&self, tx: &Transaction, schedule: &schedule::Model, now: DateTime<Utc>) -> Result<usize> {
        let Some(next) = schedule.next_at else { return Ok(0) };
        let plan = Times::of(schedule).plan(next, now, now + AHEAD);
        for due in &plan.times {
            let job_id = self.clock.new_id();
            let firing = schedule_firing::ActiveModel {
                id: Set(self.clock.new_id()),
                organization_id: Set(schedule.organization_id),
                schedule_id: Set(schedule.id),
                due_at: Set(*due),
                job_id: Set(job_id),
                created_at: Set(self.clock.now()),
            };
            let job = Job::Fire { firing_id: firing.id.clone().unwrap() };
            schedule_firing::Entity::insert(firing).exec_without_returning(tx).await?;
            self.outbox.insert_as(tx, job_id, schedule.organization_id, &job, Some(*due)).await?;
        }
        schedule::Entity::update_across_tenants()
            .col_expr(schedule::Column::NextAt, Expr::val(plan.next))
            .filter(schedule::Column::Id.eq(schedule.id))
            .exec(tx)
            .await?;
        Ok(plan.times.len())
    }
}

impl Times {
    fn of(schedule: &schedule::Model) -> Self {
        Self {
            cron: schedule.cron.clone(),
            every_seconds: schedule.every_seconds,
            timezone: schedule.timezone.clone(),
            missed: schedule.missed,
        }
    }
}
