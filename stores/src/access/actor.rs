//! The caller of a service.

use triptych_entities::{
    access::{Action, Subject},
    ids::{ApiTokenId, OrganizationId, SessionId, UserId},
};

use super::Origin;

/// A permission of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Grant {
    pub action: Action,
    pub subject: Subject,
    /// Whether it is limited to what the user owns.
    pub only_own: bool,
}

impl Grant {
    /// Whether it allows all that another one allows.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        self.subject == other.subject
            && (self.action == Action::Manage || self.action == other.action)
            && (!self.only_own || other.only_own)
    }
}

/// How the caller authenticated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    Session(SessionId),
    ApiToken(ApiTokenId),
}

/// The caller of a service.
#[derive(Debug, Clone)]
pub struct Actor {
    pub user: UserId,
    pub organization: OrganizationId,
    pub grants: Vec<Grant>,
    pub proof: Proof,
    /// Where the request comes from.
    pub origin: Origin,
}

impl Actor {
    /// The session of the caller; `None` for an API token.
    #[must_use]
    pub fn session(&self) -> Option<SessionId> {
        match self.proof {
            Proof::Session(id) => Some(id),
            Proof::ApiToken(_) => None,
        }
    }
}
