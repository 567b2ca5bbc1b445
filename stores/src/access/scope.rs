//! How far a query reaches.

use triptych_entities::{
    access::{Action, Subject},
    ids::{OrganizationId, UserId},
};

use super::Actor;
use crate::error::Denied;

/// The rows and documents that an action reaches: those of an organization, or only those of one owner in it. Every
/// query on what belongs to an organization begins with one. What is out of scope reads as not found.
#[must_use = "a scope does nothing until a query begins with it"]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Scope {
    organization: OrganizationId,
    owner: Option<UserId>,
}

impl Scope {
    /// The whole organization, for work that no person asks for: jobs, triggers, loaders of what was already found.
    pub fn whole(organization: OrganizationId) -> Self {
        Self { organization, owner: None }
    }

    /// Only what this user owns in the organization.
    pub fn own(organization: OrganizationId, owner: UserId) -> Self {
        Self { organization, owner: Some(owner) }
    }

    #[must_use]
    pub fn organization(self) -> OrganizationId {
        self.organization
    }

    /// The only owner within reach; none when the scope is the whole organization.
    #[must_use]
    pub fn owner(self) -> Option<UserId> {
        self.owner
    }

    /// Whether something of this owner is within reach.
    #[must_use]
    pub fn covers(self, owner: UserId) -> bool {
        self.owner.is_none_or(|own| own == owner)
    }
}

impl Actor {
    /// How far the caller's permission reaches.
    ///
    /// # Errors
    /// `Denied` if the caller may not do this to anything of the kind.
    pub fn scope(&self, action: Action, subject: Subject) -> Result<Scope, Denied> {
        let mut own = false;
        for grant in &self.grants {
            if grant.subject == subject && (grant.action == action || grant.action == Action::Manage) {
                if !grant.only_own {
                    return Ok(Scope::whole(self.organization));
                }
                own = true;
            }
        }
        if own { Ok(Scope::own(self.organization, self.user)) } else { Err(Denied { action, subject }) }
    }

    /// Whether [`Actor::scope`] would succeed.
    #[must_use]
    pub fn may(&self, action: Action, subject: Subject) -> bool {
        self.scope(action, subject).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Grant, Proof};

    fn actor(grants: &[(Action, bool)]) -> Actor {
        let grants = grants.iter();
        Actor {
            user: UserId(uuid::Uuid::from_u128(1)),
            organization: OrganizationId(uuid::Uuid::from_u128(2)),
            grants: grants
                .map(|(action, only_own)| Grant {
                    action: *action,
                    subject: Subject::Flow,
                    only_own: *only_own,
                })
                .collect(),
            proof: Proof::ApiToken,
        }
    }

    #[test]
    fn the_widest_grant_decides() {
        let scope = |grants: &[(Action, bool)]| actor(grants).scope(Action::Read, Subject::Flow);
        assert_eq!(scope(&[(Action::Read, true), (Action::Manage, false)]).unwrap().owner(), None);
        assert_eq!(scope(&[(Action::Manage, true)]).unwrap().owner(), Some(UserId(uuid::Uuid::from_u128(1))));
        assert!(scope(&[(Action::Update, false)]).is_err());
        assert!(actor(&[(Action::Manage, false)]).scope(Action::Read, Subject::Thread).is_err());
    }
}
