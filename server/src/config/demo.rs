//! The built-in demo model.

use serde::{Deserialize, Serialize};

use super::problems::Problems;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoConfig {
    /// How fast it streams.
    pub tokens_per_second: u32,
}

impl DemoConfig {
    pub(super) fn validate(&self, problems: &mut Problems<'_>) {
        problems.require(
            (1..=100_000).contains(&self.tokens_per_second),
            "demo.tokens_per_second",
            "1 to 100000",
        );
    }
}
