//! Accounts.

use serde::{Deserialize, Serialize};

use super::{Section, problems::SectionProblems};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityConfig {
    /// Who can create an account.
    pub sign_up: SignUp,
}

/// Who can create an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignUp {
    /// Everybody, with an organization of their own.
    Open,
    /// Whoever is invited to an organization.
    Invite,
    /// Nobody.
    Closed,
}

impl Section for IdentityConfig {
    fn validate(&self, _problems: &mut SectionProblems<'_, '_>) {}
}
