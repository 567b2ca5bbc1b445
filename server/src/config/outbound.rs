//! Requests of steps.

use serde::{Deserialize, Serialize};
use triptych_engine::outbound::Allowed;

use super::{Section, problems::SectionProblems};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutboundConfig {
    /// What requests may reach although its address is not public: networks, hosts, or hosts with a port.
    pub allow: Vec<String>,
}

impl OutboundConfig {
    /// The entries. Those that cannot be read were reported by the validation.
    #[must_use]
    pub fn allowed(&self) -> Vec<Allowed> {
        self.allow.iter().filter_map(|entry| entry.parse().ok()).collect()
    }
}

impl Section for OutboundConfig {
    fn validate(&self, problems: &mut SectionProblems<'_, '_>) {
        for entry in &self.allow {
            if let Err(error) = entry.parse::<Allowed>() {
                problems.add("allow", error.to_string());
            }
        }
    }
}
