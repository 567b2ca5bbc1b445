//! Sign-in sessions.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Section, problems::SectionProblems};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionsConfig {
    /// Hours of inactivity after which a session ends.
    pub ttl_hours: u32,
    /// Days after which a session ends, however much it is used.
    pub life_days: u32,
}

impl SessionsConfig {
    #[must_use]
    pub fn ttl(&self) -> Duration {
        Duration::from_secs(u64::from(self.ttl_hours) * 3600)
    }

    #[must_use]
    pub fn life(&self) -> Duration {
        Duration::from_secs(u64::from(self.life_days) * 24 * 3600)
    }
}

impl Section for SessionsConfig {
    fn validate(&self, problems: &mut SectionProblems<'_, '_>) {
        problems.require((1..=3650).contains(&self.life_days), "life_days", "1 to 3650 (ten years)");
        problems.require((1..=87_600).contains(&self.ttl_hours), "ttl_hours", "1 to 87600 (ten years)");
    }
}
