//! The built-in demo model.

use serde::{Deserialize, Serialize};

use super::{Section, problems::SectionProblems};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoConfig {
    /// Speed of its answers.
    pub tokens_per_second: u32,
}

impl Section for DemoConfig {
    fn validate(&self, problems: &mut SectionProblems<'_, '_>) {
        problems.require((1..=100_000).contains(&self.tokens_per_second), "tokens_per_second", "1 to 100000");
    }
}
