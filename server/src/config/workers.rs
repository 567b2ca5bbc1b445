//! How many jobs of each queue one process runs at a time.

use serde::{Deserialize, Serialize};

use super::problems::Problems;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkersConfig {
    /// Events that become executions.
    pub trigger: usize,
    /// Decisions on what runs next.
    pub flow: usize,
    /// Steps.
    pub action: usize,
    /// Answers of models.
    pub generation: usize,
}

impl WorkersConfig {
    pub(super) fn validate(&self, problems: &mut Problems<'_>) {
        let queues = [
            ("trigger", self.trigger),
            ("flow", self.flow),
            ("action", self.action),
            ("generation", self.generation),
        ];
        for (name, count) in queues {
            problems.require((1..=10_000).contains(&count), &format!("workers.{name}"), "1 to 10000");
        }
    }
}
