//! The clock, and the ids and secrets that are generated. Injected, so that tests can move the clock.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use rand::TryRng as _;
use sea_orm::{
    ConnectionTrait, DbErr,
    sea_query::{Expr, Query},
};
use triptych_entities::ids::Id;
use uuid::{ContextV7, Timestamp, Uuid};

type Ahead = dyn Fn() -> Duration + Send + Sync;

/// The source of the time, of ids, which contain the time, and of random values.
#[derive(Clone)]
pub struct Clock {
    /// How far this clock is ahead of those of the machines, in tests.
    ahead: Option<Arc<Ahead>>,
    context: Arc<Mutex<ContextV7>>,
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

impl Clock {
    /// Reads the system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self { ahead: None, context: Arc::new(Mutex::new(ContextV7::new())) }
    }

    /// A clock that is ahead of those of the machines, also of those of the databases.
    pub fn ahead(by: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self { ahead: Some(Arc::new(by)), ..Self::system() }
    }

    /// The current time.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
        let now = Utc::now();
        now + self.lead()
    }

    fn lead(&self) -> TimeDelta {
        let ahead = self.ahead.as_ref().map(|ahead| ahead()).unwrap_or_default();
        TimeDelta::from_std(ahead).unwrap_or_default()
    }

    /// The time of PostgreSQL's clock at the start of the statement, plus an offset, as an expression that an index can
    /// be searched with. What several machines must agree on is compared with this clock, as theirs may differ.
    #[must_use]
    pub fn in_postgres(&self, offset: TimeDelta) -> Expr {
        match (self.lead() + offset).num_microseconds() {
            None | Some(0) => Expr::cust("statement_timestamp()"),
            Some(micros) => Expr::cust(format!("statement_timestamp() + interval '{micros} microseconds'")),
        }
    }

    /// Reads PostgreSQL's clock.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub async fn read_postgres(&self, db: &impl ConnectionTrait) -> Result<DateTime<Utc>, DbErr> {
        let query = Query::select().expr(self.in_postgres(TimeDelta::zero())).to_owned();
        let row = db.query_one(&query).await?;
        row.ok_or_else(|| DbErr::RecordNotFound("the clock".to_owned()))?.try_get_by_index(0)
    }

    /// A new id, greater than every earlier id of this clock.
    #[must_use]
    pub fn new_id<I: Id>(&self) -> I {
        I::from_uuid(self.new_uuid())
    }

    /// A new UUIDv7, greater than every earlier one of this clock.
    #[must_use]
    pub fn new_uuid(&self) -> Uuid {
        let now = self.now();
        let context = self.context.lock().unwrap_or_else(PoisonError::into_inner);
        let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
        Uuid::new_v7(Timestamp::from_unix(&*context, seconds, now.timestamp_subsec_nanos()))
    }

    /// 256 random bits, as 43 characters that are safe in a URL.
    #[must_use]
    pub fn new_secret(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.random_bytes::<32>())
    }

    /// Random bytes from the operating system.
    ///
    /// # Panics
    /// If the operating system provides no randomness, without which no secret is safe.
    #[must_use]
    pub fn random_bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        #[expect(clippy::expect_used, reason = "without randomness no secret is safe")]
        rand::rngs::SysRng.try_fill_bytes(&mut bytes).expect("the operating system provides randomness");
        bytes
    }
}
