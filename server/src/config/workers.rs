//! Concurrency of each queue in one process.

use serde::{Deserialize, Serialize};

use super::{Section, problems::SectionProblems};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkersConfig {
    /// Jobs that start a flow for a time of its schedule.
    pub schedule: usize,
    /// Jobs that turn an event into an execution.
    pub trigger: usize,
    /// Jobs that decide what an execution runs next.
    pub flow: usize,
    /// Jobs that run one step.
    pub action: usize,
    /// Jobs that stream the answer of a model.
    pub generation: usize,
    /// Part of the slots of a queue that one organization may hold while others wait.
    pub share: f64,
}

impl Section for WorkersConfig {
    fn validate(&self, problems: &mut SectionProblems<'_, '_>) {
        let queues = [
            ("schedule", self.schedule),
            ("trigger", self.trigger),
            ("flow", self.flow),
            ("action", self.action),
            ("generation", self.generation),
        ];
        for (name, count) in queues {
            problems.require((1..=10_000).contains(&count), name, "1 to 10000");
        }
        problems.require(self.share > 0.0 && self.share <= 1.0, "share", "more than 0, and 1 at most");
    }
}
