//! Errors of operations.

use std::{borrow::Cow, time::Duration};

use crate::{automation::templates::TemplateError, compute::TooLong};

/// Why an operation failed. The message is shown to the flow's users: no secrets, no internals.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ActionError {
    /// Upper case with underscores: `HTTP_STATUS`.
    pub code: Cow<'static, str>,
    pub message: String,
    /// Whether the same call may succeed later.
    pub retryable: bool,
    /// Minimum wait before the next attempt, as requested by the service.
    pub retry_after: Option<Duration>,
}

impl ActionError {
    /// A failure that is not retried.
    pub fn permanent(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), retryable: false, retry_after: None }
    }

    /// A failure that may be temporary and is retried.
    pub fn temporary(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), retryable: true, retry_after: None }
    }

    /// `BAD_PARAMETERS`: the step's parameters are invalid.
    pub fn bad_parameters(message: impl Into<String>) -> Self {
        Self::permanent("BAD_PARAMETERS", message)
    }
}

impl From<TooLong> for ActionError {
    fn from(error: TooLong) -> Self {
        Self::permanent("WORK_LIMIT", error.to_string())
    }
}

impl From<TemplateError> for ActionError {
    fn from(error: TemplateError) -> Self {
        Self::permanent(error.code(), error.to_string())
    }
}
