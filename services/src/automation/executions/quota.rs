//! Quotas of organizations: executions a day and bytes a month. They are counted in the transactions that store what is
//! counted, in rows that are spread over shards, so that concurrent transactions of one organization rarely wait for
//! each other. Nothing counts executions.

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use sea_orm::{ConnectionTrait, DbErr, Statement};
use serde_json::Value;
use triptych_entities::ids::OrganizationId;
use triptych_stores::error::{Code, Coded, Result, ServiceError};

use super::Executions;

/// Rows of one organization and day.
const SHARDS: u8 = 8;

/// What one organization may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quotas {
    /// Executions that start on one day (UTC).
    pub executions_per_day: u64,
    /// Bytes of the data of triggers, and of large inputs and outputs of steps, that are stored in one month (UTC).
    pub bytes_per_month: u64,
}

/// What is used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Use {
    pub(super) executions: i64,
    pub(super) bytes: i64,
}

/// A quota is used up.
#[derive(Debug, thiserror::Error)]
#[error("the organization has used up its quota `{quota}` of {limit}; it is available again on {until}")]
struct Exceeded {
    quota: &'static str,
    limit: u64,
    until: NaiveDate,
}

impl Coded for Exceeded {
    fn code(&self) -> Code {
        Code::LimitExceeded
    }

    fn extensions(&self) -> Vec<(&'static str, Value)> {
        vec![("quota", self.quota.into()), ("until", self.until.to_string().into())]
    }
}

impl Executions {
    /// Refuses another execution of an organization whose quota is used up. Concurrent executions may exceed it by
    /// their number.
    ///
    /// # Errors
    /// `Domain` with the name of the quota, or if PostgreSQL does not answer.
    pub(super) async fn check_quotas(&self, organization: OrganizationId, now: DateTime<Utc>) -> Result<()> {
        let today = now.date_naive();
        let month = today.with_day(1).unwrap_or(today);
        let sql = "SELECT coalesce(sum(executions) FILTER (WHERE day = $3), 0)::bigint AS executions,
                          coalesce(sum(bytes), 0)::bigint AS bytes
                   FROM usage_counters WHERE organization_id = $1 AND day BETWEEN $2 AND $3";
        let pg = &self.stores.pg;
        let values = [organization.into(), month.into(), today.into()];
        let statement = Statement::from_sql_and_values(pg.get_database_backend(), sql, values);
        let Some(row) = pg.query_one_raw(statement).await? else { return Ok(()) };
        let used = |column| row.try_get("", column).map(|used: i64| u64::try_from(used).unwrap_or_default());
        let Quotas { executions_per_day, bytes_per_month } = self.quotas;
        let exceeded = |quota, limit, until: Option<NaiveDate>| {
            Err(ServiceError::domain(Exceeded { quota, limit, until: until.unwrap_or(today) }))
        };
        if used("executions")? >= executions_per_day {
            return exceeded("executions_per_day", executions_per_day, today.succ_opt());
        }
        if used("bytes")? >= bytes_per_month {
            let next = month.checked_add_months(chrono::Months::new(1));
            return exceeded("bytes_per_month", bytes_per_month, next);
        }
        Ok(())
    }

    /// Adds to what an organization has used today. The last statement of its transaction, as the row stays locked until
    /// the end of it.
    pub(super) async fn count_use(
        &self,
        db: &impl ConnectionTrait,
        organization: OrganizationId,
        now: DateTime<Utc>,
        more: Use,
    ) -> Result<(), DbErr> {
        let [random] = self.clock.random_bytes();
        let sql = "INSERT INTO usage_counters (organization_id, day, shard, executions, bytes)
                   VALUES ($1, $2, $3, $4, $5)
                   ON CONFLICT (organization_id, day, shard) DO UPDATE
                   SET executions = usage_counters.executions + excluded.executions,
                       bytes = usage_counters.bytes + excluded.bytes";
        let shard = i16::from(random % SHARDS);
        let values = [
            organization.into(),
            now.date_naive().into(),
            shard.into(),
            more.executions.into(),
            more.bytes.into(),
        ];
        db.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
        Ok(())
    }
}

/// The size of a value as JSON, in bytes.
pub(super) fn size(value: &Value) -> i64 {
    struct Size(i64);
    impl std::io::Write for Size {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 = self.0.saturating_add(i64::try_from(bytes.len()).unwrap_or(i64::MAX));
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut size = Size(0);
    // Writing to a counter does not fail.
    let _ = serde_json::to_writer(&mut size, value);
    size.0
}
