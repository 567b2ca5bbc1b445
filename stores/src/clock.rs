//! The clock, and the ids and secrets that are generated. Injected, so that tests can move the clock.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use rand::TryRng as _;
use triptych_entities::ids::Id;
use uuid::{ContextV7, Timestamp, Uuid};

type Now = dyn Fn() -> DateTime<Utc> + Send + Sync;

/// The source of the time, of ids, which contain the time, and of random values.
#[derive(Clone)]
pub struct Clock {
    now: Arc<Now>,
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
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
        Self::with_time(Utc::now)
    }

    /// Reads the time from a function.
    pub fn with_time(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self { now: Arc::new(now), context: Arc::new(Mutex::new(ContextV7::new())) }
    }

    /// The current time.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        (self.now)()
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
