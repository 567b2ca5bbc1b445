//! The caller of a service.

use triptych_entities::{
    access::{Action, Subject},
    ids::{OrganizationId, SessionId, UserId},
};

/// One thing that a role allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Grant {
    pub action: Action,
    pub subject: Subject,
    /// Only on what the person owns.
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
