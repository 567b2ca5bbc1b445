//! Errors of model calls.

/// Why a response is missing or incomplete. The message may be shown to users, so it contains no keys or addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ModelError {
    /// `UPSTREAM_FAILED`, `RATE_LIMITED`, `TIMEOUT`, … .
    pub code: &'static str,
    pub message: String,
    /// Whether a retry of the request may succeed.
    pub retryable: bool,
}

impl ModelError {
    pub const UPSTREAM_FAILED: &'static str = "UPSTREAM_FAILED";
    pub const RATE_LIMITED: &'static str = "RATE_LIMITED";
    pub const TIMEOUT: &'static str = "TIMEOUT";
    pub const LIMIT_EXCEEDED: &'static str = "LIMIT_EXCEEDED";
    pub const BAD_USER_INPUT: &'static str = "BAD_USER_INPUT";
    pub const UNAVAILABLE: &'static str = "UNAVAILABLE";
    pub const ABORTED: &'static str = "ABORTED";
    pub const INTERNAL: &'static str = "INTERNAL";

    pub fn temporary(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), retryable: true }
    }

    pub fn permanent(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), retryable: false }
    }

    /// The stream of the provider ended before the response was complete.
    #[must_use]
    pub fn cut_off() -> Self {
        Self::temporary(Self::UPSTREAM_FAILED, "the provider's answer broke off before its end")
    }
}
