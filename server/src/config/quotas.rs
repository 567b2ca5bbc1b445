//! What one organization may use.

use serde::{Deserialize, Serialize};

use super::{Section, problems::SectionProblems};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuotasConfig {
    /// Executions that start on one day (UTC).
    pub executions_per_day: u64,
    /// Bytes that are stored in one month (UTC): the data of triggers, and inputs and outputs of steps over 16 KiB.
    pub bytes_per_month: u64,
}

impl Section for QuotasConfig {
    fn validate(&self, problems: &mut SectionProblems<'_, '_>) {
        problems.require(self.executions_per_day > 0, "executions_per_day", "at least 1");
        problems.require(self.bytes_per_month > 0, "bytes_per_month", "at least 1");
    }
}
