//! Retries of failed steps.

use serde::{Deserialize, Serialize};
use triptych_entities::relational::automation::step;
use triptych_stores::error::StoreError;

/// The retry policy of a step, for retryable errors. The delay before attempt `n + 1` is
/// `initial × multiplier^(n − 1)`, at most `max`, plus or minus up to a quarter.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RetryPolicy {
    /// Attempts in all, the first included.
    pub max_attempts: i32,
    pub initial_delay_ms: i32,
    pub max_delay_ms: i32,
    pub multiplier: f64,
}

/// The longest delay, in milliseconds: a day.
const LONGEST_DELAY_MS: i32 = 86_400_000;

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { max_attempts: 3, initial_delay_ms: 500, max_delay_ms: 60_000, multiplier: 2.0 }
    }
}

impl RetryPolicy {
    /// The policy that a step was stored with; `None` if it has none of its own.
    ///
    /// # Errors
    /// `Corrupt`, naming the step, if what is stored is not a policy.
    pub fn stored(step: &step::Model) -> Result<Option<Self>, StoreError> {
        let Some(stored) = &step.retry else { return Ok(None) };
        let policy = Self::deserialize(stored)
            .map_err(|error| StoreError::Corrupt(format!("the retry policy of step {}: {error}", step.id)))?;
        Ok(Some(policy))
    }

    /// The policy that a step runs by.
    ///
    /// # Errors
    /// As [`RetryPolicy::stored`].
    pub fn of(step: &step::Model) -> Result<Self, StoreError> {
        Ok(Self::stored(step)?.unwrap_or_default())
    }

    /// What is wrong with it.
    pub(super) fn problem(&self) -> Option<String> {
        let delays = 0..=LONGEST_DELAY_MS;
        let in_range = (1..=50).contains(&self.max_attempts)
            && delays.contains(&self.initial_delay_ms)
            && delays.contains(&self.max_delay_ms)
            && (1.0..=10.0).contains(&self.multiplier);
        (!in_range).then(|| {
            format!(
                "needs 1 to 50 attempts, delays of 0 to {LONGEST_DELAY_MS} ms and a multiplier of 1 to 10"
            )
        })
    }

    /// The delay after `attempt` failed, in milliseconds. `jitter` is between 0 and 1.
    #[must_use]
    pub fn delay_ms(&self, attempt: i32, jitter: f64) -> i64 {
        let exponent = (attempt - 1).clamp(0, 62);
        let plain = f64::from(self.initial_delay_ms) * self.multiplier.powi(exponent);
        let capped = plain.min(f64::from(self.max_delay_ms));
        #[expect(clippy::cast_possible_truncation, reason = "capped by an i32")]
        let delay = (capped * (0.75 + 0.5 * jitter)) as i64;
        delay
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(initial_delay_ms: i32, max_delay_ms: i32, multiplier: f64) -> RetryPolicy {
        RetryPolicy { max_attempts: 5, initial_delay_ms, max_delay_ms, multiplier }
    }

    #[test]
    fn delays_grow_by_the_multiplier_up_to_the_maximum() {
        let doubling = policy(500, 60_000, 2.0);
        let steady = policy(1_000, 60_000, 1.0);
        let capped = policy(1_000, 5_000, 10.0);
        let none = policy(0, 60_000, 2.0);
        // At half the jitter the delay is the planned one.
        for (policy, attempt, expected) in [
            (doubling, 1, 500),
            (doubling, 2, 1_000),
            (doubling, 3, 2_000),
            (doubling, 7, 32_000),
            (doubling, 8, 60_000),
            (doubling, i32::MAX, 60_000),
            (steady, 1, 1_000),
            (steady, 40, 1_000),
            (capped, 1, 1_000),
            (capped, 2, 5_000),
            (none, 1, 0),
            (none, 9, 0),
        ] {
            assert_eq!(policy.delay_ms(attempt, 0.5), expected, "{policy:?} after attempt {attempt}");
        }
    }

    #[test]
    fn jitter_changes_a_delay_by_at_most_a_quarter() {
        let policy = policy(1_000, 60_000, 2.0);
        for (jitter, expected) in [(0.0, 750), (0.25, 875), (0.5, 1_000), (1.0, 1_250)] {
            assert_eq!(policy.delay_ms(1, jitter), expected);
        }
        assert_eq!(policy.delay_ms(50, 1.0), 75_000, "the longest delay varies too");
    }

    #[test]
    fn policies_out_of_range_are_refused() {
        let good = RetryPolicy::default();
        assert_eq!(good.problem(), None);
        for bad in [
            RetryPolicy { max_attempts: 0, ..good },
            RetryPolicy { max_attempts: 51, ..good },
            RetryPolicy { initial_delay_ms: -1, ..good },
            RetryPolicy { initial_delay_ms: LONGEST_DELAY_MS + 1, ..good },
            RetryPolicy { max_delay_ms: LONGEST_DELAY_MS + 1, ..good },
            RetryPolicy { multiplier: 0.9, ..good },
            RetryPolicy { multiplier: 10.1, ..good },
            RetryPolicy { multiplier: f64::NAN, ..good },
        ] {
            assert!(bad.problem().is_some(), "{bad:?}");
        }
    }
}
