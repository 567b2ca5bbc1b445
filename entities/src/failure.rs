//! Why something failed.

use serde::{Deserialize, Serialize};

/// Why a step, an execution or a generation failed. The message may be shown to users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Upper case with underscores: `HTTP_STATUS`.
    pub code: String,
    pub message: String,
}

impl Failure {
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into() }
    }

    /// The failure that a row stores in two columns. `None` without a code.
    #[must_use]
    pub fn of(code: Option<&String>, message: Option<&String>) -> Option<Self> {
        Some(Self::new(code?, message.map(String::as_str).unwrap_or_default()))
    }
}
