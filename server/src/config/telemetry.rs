//! Logs.

use serde::{Deserialize, Serialize};

use super::{Section, problems::SectionProblems};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TelemetryConfig {
    /// A level, or levels by module: `info`, `info,sqlx=warn`.
    pub log: String,
    pub format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For reading.
    Text,
    /// One JSON object a line.
    Json,
}

impl Section for TelemetryConfig {
    fn validate(&self, problems: &mut SectionProblems<'_, '_>) {
        if let Err(error) = self.log.parse::<tracing_subscriber::filter::Targets>() {
            problems.add("log", format!("expected levels as in `info,sqlx=warn`: {error}"));
        }
    }
}
