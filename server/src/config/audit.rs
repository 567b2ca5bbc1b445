//! The audit log.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Section, problems::SectionProblems};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditConfig {
    /// Days for which events are kept; 0 to keep them for ever.
    pub retention_days: u32,
}

impl AuditConfig {
    /// Age of the oldest events that are kept; `None` to keep all.
    #[must_use]
    pub fn retention(&self) -> Option<Duration> {
        let days = u64::from(self.retention_days);
        (days > 0).then(|| Duration::from_secs(days * 24 * 3600))
    }
}

impl Section for AuditConfig {
    fn validate(&self, problems: &mut SectionProblems<'_, '_>) {
        problems.require(self.retention_days <= 36_500, "retention_days", "0 to 36500 (a hundred years)");
    }
}
