//! The PostgreSQL to use.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{DatabaseUrl, Section, check, problems::SectionProblems};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresConfig {
    /// Unset: a private server is started.
    pub url: Option<DatabaseUrl>,
    /// Connections of one process.
    pub max_connections: u32,
    /// Milliseconds that a request waits for a free connection.
    pub acquire_timeout_ms: u64,
    /// Seconds that a statement may take.
    pub statement_timeout_seconds: u64,
    /// Seconds that a statement waits for locks.
    pub lock_timeout_seconds: u64,
}

impl PostgresConfig {
    #[must_use]
    pub fn acquire_timeout(&self) -> Duration {
        Duration::from_millis(self.acquire_timeout_ms)
    }
}

impl Section for PostgresConfig {
    fn validate(&self, problems: &mut SectionProblems<'_, '_>) {
        check::database_url(problems, "url", self.url.as_ref(), &["postgres", "postgresql"]);
        problems.require(self.max_connections > 0, "max_connections", "at least 1");
        problems.require(self.acquire_timeout_ms > 0, "acquire_timeout_ms", "at least 1 (millisecond)");
        let limits = [
            ("statement_timeout_seconds", self.statement_timeout_seconds),
            ("lock_timeout_seconds", self.lock_timeout_seconds),
        ];
        for (name, seconds) in limits {
            problems.require((1..=3600).contains(&seconds), name, "1 to 3600");
        }
    }
}
