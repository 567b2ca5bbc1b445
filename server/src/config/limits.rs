//! Limits of one request, connection or user.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Section, problems::SectionProblems};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitsConfig {
    /// Nested selections of an operation.
    pub depth: usize,
    /// Fields of an operation, multiplied by the sizes of the lists they are in.
    pub complexity: usize,
    /// Aliases of a document.
    pub aliases: usize,
    /// Directives of a document.
    pub directives: usize,
    /// Tokens of a document, before it is parsed.
    pub tokens: usize,
    /// Values in the text of a request, and values of the arguments of its operations with variables filled in.
    pub values: usize,
    /// Seconds that the operations of a request may take.
    pub execution_seconds: u64,
    /// Operations in one HTTP request.
    pub batch_size: usize,
    pub subscriptions_per_connection: usize,
    /// In one process.
    pub subscriptions_per_user: usize,
    /// WebSocket connections, in one process.
    pub connections_per_user: usize,
}

impl LimitsConfig {
    #[must_use]
    pub fn execution(&self) -> Duration {
        Duration::from_secs(self.execution_seconds)
    }
}

impl Section for LimitsConfig {
    fn validate(&self, problems: &mut SectionProblems<'_, '_>) {
        let all = [
            ("depth", self.depth),
            ("complexity", self.complexity),
            ("tokens", self.tokens),
            ("values", self.values),
            ("batch_size", self.batch_size),
            ("subscriptions_per_connection", self.subscriptions_per_connection),
            ("subscriptions_per_user", self.subscriptions_per_user),
            ("connections_per_user", self.connections_per_user),
        ];
        for (name, limit) in all {
            problems.require(limit > 0, name, "at least 1");
        }
        let seconds = (1..=3600).contains(&self.execution_seconds);
        problems.require(seconds, "execution_seconds", "1 to 3600 (one hour)");
    }
}
