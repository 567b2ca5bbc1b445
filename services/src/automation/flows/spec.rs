//! A graph as its author writes it, before it is checked.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use triptych_entities::{
    ids::CredentialId,
    relational::automation::{step, step_link},
};

/// A whole graph. With no links at all, the steps run in the order given.
#[derive(Debug, Clone, Default)]
pub struct GraphSpec {
    pub steps: Vec<StepSpec>,
    pub links: Vec<LinkSpec>,
}

#[derive(Debug, Clone)]
pub struct StepSpec {
    pub key: String,
    pub name: Option<String>,
    /// Follows from the operation when absent.
    pub kind: Option<step::Kind>,
    pub integration: String,
    pub operation: String,
    pub parameters: Value,
    pub credential_id: Option<CredentialId>,
    pub retry: Option<RetryPolicy>,
    pub timeout_seconds: Option<i32>,
}

#[derive(Debug, Clone)]
pub struct LinkSpec {
    /// Step keys.
    pub from: String,
    pub to: String,
    pub kind: step_link::Kind,
    pub condition: Option<String>,
}

/// How often and when a step that failed retryably is tried again. The delay before attempt `n + 1` is
/// `initial × multiplier^(n − 1)`, at most `max`, give or take a quarter.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RetryPolicy {
    /// Attempts in all, the first included.
    pub max_attempts: i32,
    pub initial_delay_ms: i32,
    pub max_delay_ms: i32,
    pub multiplier: f64,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { max_attempts: 3, initial_delay_ms: 500, max_delay_ms: 60_000, multiplier: 2.0 }
    }
}

impl RetryPolicy {
    /// The wait after `attempt` failed, in milliseconds. `jitter` is between 0 and 1.
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
