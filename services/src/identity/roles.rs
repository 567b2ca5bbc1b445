//! The roles that every organization has. What they allow is code, so that a new subject needs no change of data;
//! only grants of roles that an organization makes itself are rows.

use triptych_stores::access::{Action, Grant, Subject, subjects};

/// A role that every organization has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BuiltIn {
    Owner,
    Member,
    Viewer,
}

impl BuiltIn {
    pub(super) const ALL: [Self; 3] = [Self::Owner, Self::Member, Self::Viewer];

    /// The key of the role's row.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Member => "member",
            Self::Viewer => "viewer",
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Owner => "Owner",
            Self::Member => "Member",
            Self::Viewer => "Viewer",
        }
    }

    pub(super) fn by_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.key() == key)
    }

    /// The grants of the role. Grants on private subjects are limited to own data in every role.
    pub(super) fn grants(self) -> Vec<Grant> {
        use Action::{Create, Delete, Manage, Publish, Read, Run, Update, Use};
        use Subject::{
            ApiToken, AuditEvent, Credential, Datastore, Execution, Flow, Member, Organization, Queue, Role,
            Session,
        };
        let own_private = || private().map(|subject| grant(Manage, subject, true));
        match self {
            Self::Owner => {
                let all = subjects::all().map(|subject| grant(Manage, subject, subject.is_private()));
                all.collect()
            }
            Self::Member => [
                (Read, Organization, false),
                (Read, Member, false),
                (Read, Role, false),
                (Read, AuditEvent, true),
                (Manage, ApiToken, true),
                (Read, Flow, false),
                (Create, Flow, false),
                (Update, Flow, true),
                (Delete, Flow, true),
                (Publish, Flow, true),
                (Run, Flow, false),
                (Read, Execution, false),
                (Manage, Execution, true),
                (Read, Credential, false),
                (Use, Credential, false),
                (Manage, Credential, true),
                (Manage, Datastore, false),
                (Read, Queue, false),
            ]
            .map(|(action, subject, only_own)| grant(action, subject, only_own))
            .into_iter()
            .chain(own_private())
            .collect(),
            Self::Viewer => vec![
                grant(Read, Organization, false),
                grant(Read, Member, false),
                grant(Read, Role, false),
                grant(Read, AuditEvent, true),
                grant(Manage, ApiToken, true),
                grant(Manage, Session, true),
                grant(Read, Flow, false),
                grant(Read, Execution, false),
                grant(Read, Queue, false),
            ],
        }
    }
}

fn private() -> impl Iterator<Item = Subject> {
    subjects::all().filter(|subject| subject.is_private())
}

fn grant(action: Action, subject: Subject, only_own: bool) -> Grant {
    Grant { action, subject, only_own }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_role_has_access_to_conversations_of_other_users() {
        for role in BuiltIn::ALL {
            let reaching = role.grants().into_iter().filter(|grant| grant.subject.is_private());
            assert!(reaching.into_iter().all(|grant| grant.only_own), "{role:?}");
            assert_eq!(BuiltIn::by_key(role.key()), Some(role));
        }
        assert_eq!(BuiltIn::by_key("auditor"), None);
    }
}
