//! Limits of one request, connection or user.

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
    /// Operations in one HTTP request.
    pub batch_size: usize,
    pub subscriptions_per_connection: usize,
    /// In one process.
    pub subscriptions_per_user: usize,
    /// WebSocket connections, in one process.
    pub connections_per_user: usize,
}

impl Section for LimitsConfig {
    fn validate(&self, problems: &mut SectionProblems<'_, '_>) {
        let all = [
            ("depth", self.depth),
            ("complexity", self.complexity),
            ("tokens", self.tokens),
            ("batch_size", self.batch_size),
            ("subscriptions_per_connection", self.subscriptions_per_connection),
            ("subscriptions_per_user", self.subscriptions_per_user),
            ("connections_per_user", self.connections_per_user),
        ];
        for (name, limit) in all {
            problems.require(limit > 0, name, "at least 1");
        }
    }
}
