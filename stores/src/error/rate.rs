//! Errors of callers that ask too often, and of a server that has too much to do.

use std::borrow::Cow;

use serde_json::Value;

use super::{Code, Coded};

/// The caller has to wait. The client gets the seconds in `retryAfter`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}; try again in {retry_after} s")]
pub struct RateLimited {
    reason: Cow<'static, str>,
    retry_after: u64,
}

impl RateLimited {
    /// `retry_after` is in seconds, and at least one.
    pub fn new(reason: impl Into<Cow<'static, str>>, retry_after: u64) -> Self {
        Self { reason: reason.into(), retry_after: retry_after.max(1) }
    }
}

impl Coded for RateLimited {
    fn code(&self) -> Code {
        Code::RateLimited
    }

    fn extensions(&self) -> Vec<(&'static str, Value)> {
        vec![("retryAfter", self.retry_after.into())]
    }
}
