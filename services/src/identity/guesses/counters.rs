//! Counters of failures, in Redis for all processes; in the memory of this process while Redis does not answer.

use std::{
    sync::{Arc, LazyLock, Mutex, PoisonError},
    time::{Duration, Instant},
};

use moka::{ops::compute::Op, sync::Cache};
use redis::Script;
use triptych_stores::{clock::Clock, connections::Stores};

use super::rule::{Count, Rule, millis};

/// Counters that a process keeps while Redis does not answer. The least used are dropped first.
const IN_MEMORY: u64 = 20_000;
/// Time limit of a command of Redis.
const PATIENCE: Duration = Duration::from_secs(1);
/// Time for which Redis is not asked after it did not answer.
const PAUSE: Duration = Duration::from_secs(5);

/// KEYS: counter. ARGV: now, free, base, longest, decay, in milliseconds. The same as [`Rule::take`]: the time to wait, or 0.
static TAKE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local now, free, base = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local longest, decay = tonumber(ARGV[4]), tonumber(ARGV[5])
local stored = redis.call('HMGET', KEYS[1], 'n', 't')
local failures, at = tonumber(stored[1] or '0'), tonumber(stored[2] or now)
local passed = math.max(0, now - at)
failures = math.max(0, failures - passed / decay)
local beyond = math.ceil(failures) - free
if beyond >= 0 then
  local delay = math.min(base * 2 ^ math.min(beyond, 30), longest)
  if passed < delay then return math.ceil(delay - passed) end
end
redis.call('HSET', KEYS[1], 'n', failures + 1, 't', now)
redis.call('PEXPIRE', KEYS[1], math.ceil((failures + 1) * decay))
return 0
",
    )
});

/// KEYS: counter. Takes one failure back.
static FORGIVE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local failures = tonumber(redis.call('HGET', KEYS[1], 'n') or '0')
if failures <= 1 then return redis.call('DEL', KEYS[1]) end
return redis.call('HSET', KEYS[1], 'n', failures - 1)
",
    )
});

/// The counters.
#[derive(Clone)]
pub(super) struct Counters {
    stores: Stores,
    clock: Clock,
    memory: Cache<String, Count>,
    /// When Redis did not answer.
    failed: Arc<Mutex<Option<Instant>>>,
}

impl Counters {
    pub(super) fn new(stores: Stores, clock: Clock) -> Self {
        let memory = Cache::builder().max_capacity(IN_MEMORY).time_to_idle(Duration::from_hours(6)).build();
        Self { stores, clock, memory, failed: Arc::default() }
    }

    /// Counts an attempt as failed, before its outcome is known.
    ///
    /// # Errors
    /// The seconds to wait. The attempt is not counted then.
    pub(super) async fn take(&self, rule: &Rule, subject: &str) -> Result<(), u64> {
        let key = self.key(rule, subject);
        let wait = match self.take_in_redis(rule, &key).await {
            Some(wait) => wait,
            None => self.take_in_memory(rule, key),
        };
        if wait == 0 { Ok(()) } else { Err(wait.div_ceil(1000)) }
    }

    async fn take_in_redis(&self, rule: &Rule, key: &str) -> Option<u64> {
        let mut call = TAKE.key(key);
        let arguments = [self.now(), f64::from(rule.free), millis(rule.base), millis(rule.longest)];
        for argument in arguments.into_iter().chain([millis(rule.decay)]) {
            call.arg(argument);
        }
        self.within_patience(call.invoke_async::<u64>(&mut self.stores.cache.clone())).await
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at most hours, and positive"
    )]
    fn take_in_memory(&self, rule: &Rule, key: String) -> u64 {
        let (now, mut wait) = (self.now(), 0.0);
        self.memory.entry(key).and_compute_with(|entry| {
            match rule.take(entry.map(moka::Entry::into_value), now) {
                Ok(count) => Op::Put(count),
                Err(refused) => {
                    wait = refused;
                    Op::Nop
                }
            }
        });
        wait.ceil() as u64
    }

    /// Takes back one failure that was none.
    pub(super) async fn forgive(&self, rule: &Rule, subject: &str) {
        let key = self.key(rule, subject);
        self.memory.entry(key.clone()).and_compute_with(|entry| match entry.map(moka::Entry::into_value) {
            Some(count) if count.failures > 1.0 => Op::Put(Count { failures: count.failures - 1.0, ..count }),
            Some(_) => Op::Remove,
            None => Op::Nop,
        });
        self.within_patience(FORGIVE.key(&key).invoke_async::<i64>(&mut self.stores.cache.clone())).await;
    }

    /// Forgets all failures.
    pub(super) async fn clear(&self, rule: &Rule, subject: &str) {
        let key = self.key(rule, subject);
        self.memory.invalidate(&key);
        let mut command = redis::cmd("DEL");
        command.arg(key);
        self.within_patience(command.query_async::<i64>(&mut self.stores.cache.clone())).await;
    }

    /// The answer of Redis. `None` if there is none in time.
    pub(super) async fn within_patience<T>(
        &self,
        work: impl Future<Output = redis::RedisResult<T>>,
    ) -> Option<T> {
        let failed = *self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if failed.is_some_and(|failed| failed.elapsed() < PAUSE) {
            return None;
        }
        let answer = match tokio::time::timeout(PATIENCE, work).await {
            Ok(Ok(answer)) => return Some(answer),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer in time".to_owned(),
        };
        tracing::warn!(error = answer, "Redis does not count guesses; this process does");
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        None
    }

    fn key(&self, rule: &Rule, subject: &str) -> String {
        self.stores.key(&format!("guesses:{}:{subject}", rule.name))
    }

    #[expect(clippy::cast_precision_loss, reason = "milliseconds of the next thousands of years are exact")]
    fn now(&self) -> f64 {
        self.clock.now().timestamp_millis() as f64
    }
}
