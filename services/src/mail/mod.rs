//! Mails, from the transaction that wants one sent until an SMTP server has taken it. A mail is a row until then, so it is
//! sent at least once: a process that is killed between sending and deleting leaves it to another one. Its `Message-ID`
//! stays the same.

mod letter;

use std::{sync::Arc, time::Duration};

use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, Statement};
use tokio::sync::Notify;
use triptych_entities::ids::OrganizationId;
use triptych_stores::{
    clock::Clock,
    connections::Stores,
    error::{Result, ServiceError, StoreError},
};
use uuid::Uuid;

use crate::automation::credentials::{Keyring, Sealed};

pub use letter::Letter;

/// Mails that one process sends at a time.
const BATCH: i64 = 10;
/// Time after which an attempt without a report is repeated.
const LEASE: Duration = Duration::from_mins(2);
/// The wait after the first failure, which doubles with each.
const FIRST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_mins(30);
/// Characters of an error that are stored.
const ERROR_LENGTH: usize = 500;

/// Queues mails.
#[derive(Clone)]
pub struct Mails {
    stores: Stores,
    clock: Clock,
    keyring: Arc<Keyring>,
    /// Whether there is an SMTP server to send them with.
    enabled: bool,
    /// Wakes the task of this process after a commit, before its next poll.
    wake: Arc<Notify>,
}

/// A mail to send now.
pub struct Mail {
    pub id: Uuid,
    pub recipient: String,
    pub letter: Letter,
    attempts: i32,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    recipient: String,
    key_id: String,
    sealed: Vec<u8>,
    attempts: i32,
}

impl Mails {
    pub(crate) fn new(stores: Stores, clock: Clock, keyring: Arc<Keyring>, enabled: bool) -> Self {
        Self { stores, clock, keyring, enabled, wake: Arc::default() }
    }

    /// Whether mails are sent here.
    #[must_use]
    pub fn enabled(&self) -> bool {
        self.enabled
    }

    /// Queues a mail in the transaction that wants it sent. It is of no use after its life. Call [`Mails::wake`] after the
    /// commit.
    pub(crate) async fn queue(
        &self,
        tx: &impl ConnectionTrait,
        organization: Option<OrganizationId>,
        recipient: &str,
        letter: &Letter,
        life: Duration,
    ) -> Result<Uuid> {
        let (id, now) = (self.clock.new_uuid(), self.clock.now());
        let plain = serde_json::to_vec(letter).map_err(StoreError::from)?;
        let sealed = self.keyring.seal(self.clock.random_bytes(), id.as_bytes(), &plain)?;
        let sql = "INSERT INTO mails (id, organization_id, recipient, key_id, sealed, next_at, expires_at, created_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $6)";
        let values: [sea_orm::Value; 7] = [
            id.into(),
            organization.into(),
            recipient.into(),
            sealed.key_id.into(),
            sealed.bytes.into(),
            now.into(),
            (now + life).into(),
        ];
        tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
        Ok(id)
    }

    /// Removes a mail that has not been sent yet.
    pub(crate) async fn withdraw(&self, tx: &impl ConnectionTrait, id: Uuid) -> Result<()> {
        delete(tx, id).await
    }

    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Waits until this process has queued a mail.
    pub async fn queued(&self) {
        self.wake.notified().await;
    }

    /// Takes mails whose time has come, and deletes those of no use any more.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub async fn take(&self) -> Result<Vec<Mail>> {
        let now = self.clock.now();
        let stale = "DELETE FROM mails WHERE id IN
                         (SELECT id FROM mails WHERE next_at <= $1 AND expires_at <= $1 LIMIT 100 FOR UPDATE SKIP LOCKED)";
        let gone = self.run(stale, [now.into()]).await?;
        if gone > 0 {
            tracing::warn!(mails = gone, "mails were not sent before they expired");
        }
        let sql = "UPDATE mails SET attempts = attempts + 1, next_at = $2 WHERE id IN
                       (SELECT id FROM mails WHERE next_at <= $1 ORDER BY next_at LIMIT $3 FOR UPDATE SKIP LOCKED)
                   RETURNING id, recipient, key_id, sealed, attempts";
        let values = [now.into(), (now + LEASE).into(), BATCH.into()];
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
        let rows = Row::find_by_statement(statement).all(&self.stores.pg).await?;
        let mut mails = Vec::with_capacity(rows.len());
        for Row { id, recipient, key_id, sealed, attempts } in rows {
            // One that cannot be read, as its key is gone, delays no other, and expires.
            match self.read(id, &Sealed { key_id, bytes: sealed }) {
                Ok(letter) => mails.push(Mail { id, recipient, letter, attempts }),
                Err(error) => tracing::error!(%error, mail.id = %id, "a mail cannot be decrypted"),
            }
        }
        Ok(mails)
    }

    fn read(&self, id: Uuid, sealed: &Sealed) -> Result<Letter> {
        let plain = self.keyring.open(id.as_bytes(), sealed)?;
        Ok(serde_json::from_slice(&plain).map_err(StoreError::from)?)
    }

    /// Records that a server has taken a mail.
    ///
    /// # Errors
    /// If PostgreSQL does not answer; the mail is sent again.
    pub async fn sent(&self, mail: &Mail) -> Result<()> {
        let tx = self.stores.pg.begin().await?;
        let shown = "UPDATE invitations SET mailed_at = $2, mail_error = NULL WHERE mail_id = $1";
        let values = [mail.id.into(), self.clock.now().into()];
        tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, shown, values)).await?;
        delete(&tx, mail.id).await?;
        Ok(tx.commit().await?)
    }

    /// Records that a mail was not sent, and why. One that is refused for good is not sent again.
    ///
    /// # Errors
    /// If PostgreSQL does not answer; the mail is sent again.
    pub async fn failed(&self, mail: &Mail, error: &str, for_good: bool) -> Result<()> {
        let error: String = error.replace('\0', "").chars().take(ERROR_LENGTH).collect();
        let tx = self.stores.pg.begin().await?;
        let shown = "UPDATE invitations SET mail_error = $2, mail_refused = $3 WHERE mail_id = $1";
        let values = [mail.id.into(), error.into(), for_good.into()];
        tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, shown, values)).await?;
        if for_good {
            delete(&tx, mail.id).await?;
        } else {
            let exponent = u32::try_from(mail.attempts - 1).unwrap_or_default().min(16);
            let wait = (FIRST_WAIT * 2_u32.pow(exponent)).min(LONGEST_WAIT);
            let later = "UPDATE mails SET next_at = $2 WHERE id = $1";
            let values = [mail.id.into(), (self.clock.now() + wait).into()];
            tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, later, values)).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn run<const N: usize>(&self, sql: &str, values: [sea_orm::Value; N]) -> Result<u64, StoreError> {
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
        Ok(self.stores.pg.execute_raw(statement).await?.rows_affected())
    }
}

async fn delete(tx: &impl ConnectionTrait, id: Uuid) -> Result<(), ServiceError> {
    let sql = "DELETE FROM mails WHERE id = $1";
    tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [id.into()])).await?;
    Ok(())
}
