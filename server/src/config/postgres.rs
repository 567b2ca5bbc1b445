//! The PostgreSQL to use.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::problems::Problems;

use super::{DatabaseUrl, check};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresConfig {
    /// Unset: a private server is started.
    pub url: Option<DatabaseUrl>,
    /// Of one process.
    pub max_connections: u32,
    /// How long a request may wait for a free connection, in milliseconds.
    pub acquire_timeout_ms: u64,
}

impl PostgresConfig {
    #[must_use]
    pub fn acquire_timeout(&self) -> Duration {
        Duration::from_millis(self.acquire_timeout_ms)
    }

    pub(super) fn validate(&self, problems: &mut Problems<'_>) {
        check::url(problems, "postgres.url", self.url.as_ref(), &["postgres", "postgresql"]);
        problems.require(self.max_connections > 0, "postgres.max_connections", "at least 1");
        problems.require(
            self.acquire_timeout_ms > 0,
            "postgres.acquire_timeout_ms",
            "at least 1 (millisecond)",
        );
    }
}
