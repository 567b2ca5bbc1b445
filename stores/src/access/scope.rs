//! The scope of a query.

use triptych_entities::{
    access::{Action, Subject},
    ids::{OrganizationId, UserId},
};

use super::Actor;
use crate::error::Denied;

/// The rows and documents that a query may return: those of an organization, or those of one owner in it. Every query on
/// tenanted data begins with a scope. Data outside of it are reported as not found.
#[must_use = "a scope does nothing until a query begins with it"]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Scope {
    organization: OrganizationId,
    owner: Option<UserId>,
    /// Whether rows that are being removed are included.
    deleted: bool,
}

impl Scope {
    /// The whole organization, with rows that are being removed. For jobs and triggers, and for data whose parent was
    /// found within a scope.
    pub fn whole(organization: OrganizationId) -> Self {
        Self { organization, owner: None, deleted: true }
    }

    /// The data of this user in the organization.
    pub fn own(organization: OrganizationId, owner: UserId) -> Self {
        Self { organization, owner: Some(owner), deleted: false }
    }

    /// What callers of the API see of an organization.
    fn shown(organization: OrganizationId) -> Self {
        Self { organization, owner: None, deleted: false }
    }

    #[must_use]
    pub fn organization(self) -> OrganizationId {
        self.organization
    }

    /// Whether rows that are being removed are included.
    pub(super) fn includes_deleted(self) -> bool {
        self.deleted
    }

    /// The owner; `None` if the scope is the whole organization.
    #[must_use]
    pub fn owner(self) -> Option<UserId> {
        self.owner
    }
}

impl Actor {
    /// The scope of the caller's permission.
    ///
    /// # Errors
    /// `Denied` if no grant of the caller has this action on the subject.
    pub fn scope(&self, action: Action, subject: Subject) -> Result<Scope, Denied> {
        let mut own = false;
        for grant in &self.grants {
            if grant.subject == subject && (grant.action == action || grant.action == Action::Manage) {
                if !grant.only_own {
                    return Ok(Scope::shown(self.organization));
                }
                own = true;
            }
        }
        if own { Ok(Scope::own(self.organization, self.user)) } else { Err(Denied { action, subject }) }
    }

    /// Whether [`Actor::scope`] succeeds.
    #[must_use]
    pub fn may(&self, action: Action, subject: Subject) -> bool {
        self.scope(action, subject).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use triptych_entities::ids::ApiTokenId;

    use crate::access::{Grant, Origin, Proof};

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
            proof: Proof::ApiToken(ApiTokenId(uuid::Uuid::from_u128(3))),
            origin: Origin::default(),
        }
    }

    #[test]
    fn the_widest_grant_determines_the_scope() {
        let scope = |grants: &[(Action, bool)]| actor(grants).scope(Action::Read, Subject::Flow);
        assert_eq!(scope(&[(Action::Read, true), (Action::Manage, false)]).unwrap().owner(), None);
        assert_eq!(scope(&[(Action::Manage, true)]).unwrap().owner(), Some(UserId(uuid::Uuid::from_u128(1))));
        assert!(scope(&[(Action::Update, false)]).is_err());
        assert!(actor(&[(Action::Manage, false)]).scope(Action::Read, Subject::Thread).is_err());
    }
}
