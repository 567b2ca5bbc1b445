//! The caller of a service.

use triptych_entities::{
    access::{Action, Subject},
    ids::{OrganizationId, SessionId, UserId},
};

/// A permission of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Grant {
    pub action: Action,
    pub subject: Subject,
    /// Whether it is limited to what the user owns.
    pub only_own: bool,
}

/// How the caller authenticated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    Session(SessionId),
    ApiToken,
}

/// The caller of a service.
#[derive(Debug, Clone)]
pub struct Actor {
    pub user: UserId,
    pub organization: OrganizationId,
    pub grants: Vec<Grant>,
    pub proof: Proof,
}
