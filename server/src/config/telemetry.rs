//! Logs.

use serde::{Deserialize, Serialize};

use super::problems::Problems;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TelemetryConfig {
    /// A level (info), or levels by module (info,sqlx=warn).
    pub log: String,
    pub format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One object a line, for machines.
    Json,
}

impl TelemetryConfig {
    pub(super) fn validate(&self, problems: &mut Problems<'_>) {
        if let Err(error) = self.log.parse::<tracing_subscriber::EnvFilter>() {
            problems.add("telemetry.log", format!("expected levels as in `info,sqlx=warn`: {error}"));
        }
    }
}
