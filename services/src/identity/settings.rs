//! The settings of identity.

use std::time::Duration;

use triptych_stores::error::{Code, Coded, ServiceError};

/// The settings of identity.
#[derive(Debug, Clone)]
pub struct IdentitySettings {
    /// Time without use after which a session ends.
    pub session_ttl: Duration,
    /// Time after which a session ends, however much it is used.
    pub session_life: Duration,
    pub sign_up: SignUpMode,
    /// Whether new accounts need the link of a mail.
    pub confirm_addresses: bool,
    /// Age of the oldest events of the audit log that are kept; `None` to keep all.
    pub audit_retention: Option<Duration>,
}

/// Who can create an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignUpMode {
    /// Everybody, with an organization of their own.
    Open,
    /// Whoever is invited to an organization.
    Invite,
    /// Nobody.
    Closed,
}

/// Accounts cannot be created.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("{0}")]
struct NoSignUp(&'static str);

impl Coded for NoSignUp {
    fn code(&self) -> Code {
        Code::Forbidden
    }
}

impl SignUpMode {
    /// Checks that everybody may sign up.
    ///
    /// # Errors
    /// `Forbidden` otherwise.
    pub(super) fn check(self) -> Result<(), ServiceError> {
        match self {
            Self::Open => Ok(()),
            Self::Invite => Err(ServiceError::domain(NoSignUp("accounts are created by invitation only"))),
            Self::Closed => Err(ServiceError::domain(NoSignUp("accounts cannot be created here"))),
        }
    }
}
