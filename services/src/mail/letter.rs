//! What a mail says. `engine` turns it into text.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What a mail says. Stored encrypted, as it contains tokens; therefore without `Debug`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Letter {
    /// An invitation to an organization.
    Invitation { organization: String, inviter: String, token: String, expires_at: DateTime<Utc> },
    /// The link that creates an account.
    SignUp { token: String, expires_at: DateTime<Utc> },
    /// Somebody tried to create an account with the address of one that exists.
    KnownAddress,
    /// The link that sets another password.
    Reset { token: String, expires_at: DateTime<Utc> },
}

impl Letter {
    /// The name of the kind, for logs.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Invitation { .. } => "invitation",
            Self::SignUp { .. } => "sign-up",
            Self::KnownAddress => "known address",
            Self::Reset { .. } => "reset",
        }
    }
}
