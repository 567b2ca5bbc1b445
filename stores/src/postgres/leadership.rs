//! Leadership: one process at a time does a task. The leader holds an advisory lock of PostgreSQL in a session of its own,
//! and PostgreSQL releases the lock when that session ends: with the process, with the connection, or when the leader
//! does not use it for some seconds, as a process that is stopped does.

use std::time::Duration;

use sea_orm::sqlx::{self, Connection as _, PgConnection, postgres::PgConnectOptions};
use tokio::time::{Instant, timeout};

use super::{Postgres, connect::connect_within, postgres_error};
use crate::error::StoreError;

/// Time after which PostgreSQL ends the session of a leader that does not use it.
const SILENCE_LIMIT: Duration = Duration::from_secs(15);
/// Time for which the last answer of the session counts.
const TRUSTED_FOR: Duration = Duration::from_secs(5);
/// Time limit of connecting, and of each statement.
const LIMIT: Duration = Duration::from_secs(5);

/// A task that one process at a time does. Its number is that of the advisory lock in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i64)]
pub enum Task {
    /// Restores the queues.
    Housekeeping = 0x0074_7269_7074_7963,
}

/// The candidacy of this process for a task.
pub struct Leadership {
    options: PgConnectOptions,
    task: Task,
    session: Option<Session>,
}

struct Session {
    connection: PgConnection,
    leads: bool,
    answered: Instant,
}

impl Postgres {
    /// The candidacy of this process for a task. [`Leadership::hold`] connects.
    #[must_use]
    pub fn leadership(&self, task: Task) -> Leadership {
        let silence = SILENCE_LIMIT.as_millis().to_string();
        let options = self.pool.options().clone().options([("idle_session_timeout", silence)]);
        Leadership { options, task, session: None }
    }
}

impl Leadership {
    /// Becomes the leader if there is none, and returns whether this process leads. To be called every few seconds.
    ///
    /// # Errors
    /// If PostgreSQL does not answer; then this process does not lead.
    pub async fn hold(&mut self) -> Result<bool, StoreError> {
        // Taken out, so that a session that fails, or is abandoned, is closed.
        let session = match self.session.take() {
            Some(session) => session,
            None => Session::open(&self.options).await?,
        };
        let session = session.confirm(self.task).await?;
        let leads = session.leads;
        self.session = Some(session);
        Ok(leads)
    }
}

impl Session {
    async fn open(options: &PgConnectOptions) -> Result<Self, StoreError> {
        let connection = connect_within(options, LIMIT).await.map_err(postgres_error)?;
        Ok(Self { connection, leads: false, answered: Instant::now() })
    }

    async fn confirm(mut self, task: Task) -> Result<Self, StoreError> {
        if self.leads && self.answered.elapsed() < TRUSTED_FOR {
            return Ok(self);
        }
        let connection = &mut self.connection;
        let answer = timeout(LIMIT, async {
            if self.leads {
                connection.ping().await.map(|()| true)
            } else {
                let lock = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)").bind(task as i64);
                lock.fetch_one(connection).await
            }
        });
        self.leads = answer.await.map_err(|_| StoreError::Timeout("PostgreSQL"))?.map_err(postgres_error)?;
        self.answered = Instant::now();
        Ok(self)
    }
}
