//! Who is asking, and what they may do.

use triptych_entities::{
    access::{Action, Subject},
    ids::{OrganizationId, SessionId, UserId},
};

use crate::error::Denied;

/// One thing that a role allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Grant {
    pub action: Action,
    pub subject: Subject,
    /// Only on what the person owns.
    pub only_own: bool,
}

/// Whose things an action may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Everything of that kind in the organization.
    All,
    /// Only what this user owns.
    Own(UserId),
}

impl Reach {
    /// The owner to filter a list by, if the reach is not everything.
    #[must_use]
    pub fn owner(self) -> Option<UserId> {
        match self {
            Self::All => None,
            Self::Own(user) => Some(user),
        }
    }

    /// Whether something of this owner's is within reach.
    #[must_use]
    pub fn covers(self, owner: UserId) -> bool {
        self.owner().is_none_or(|own| own == owner)
    }
}

/// How the caller proved who they are.
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

impl Actor {
    /// How far the caller's permission reaches. What is out of reach reads as not found.
    ///
    /// # Errors
    /// If the caller may not do this to anything of the kind.
    pub fn require(&self, action: Action, subject: Subject) -> Result<Reach, Denied> {
        let mut own = false;
        for grant in &self.grants {
            if grant.subject == subject && (grant.action == action || grant.action == Action::Manage) {
                if !grant.only_own {
                    return Ok(Reach::All);
                }
                own = true;
            }
        }
        if own {
            Ok(Reach::Own(self.user))
        } else {
            Err(Denied { action: action.name(), subject: subject.name() })
        }
    }

    /// Whether [`Actor::require`] would succeed.
    #[must_use]
    pub fn may(&self, action: Action, subject: Subject) -> bool {
        self.require(action, subject).is_ok()
    }
}
