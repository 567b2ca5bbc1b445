//! The built-in roles of every organization.

use triptych_stores::access::{Action, Subject};

/// A role with its permissions: `(action, subject, only own)`.
pub(super) struct BuiltIn {
    pub(super) key: &'static str,
    pub(super) name: &'static str,
    pub(super) grants: Vec<(Action, Subject, bool)>,
}

/// Owner, member and viewer.
pub(super) fn built_in() -> [BuiltIn; 3] {
    use Action::{Create, Delete, Manage, Publish, Read, Run, Update};
    use Subject::{ApiToken, Credential, Datastore, Execution, Flow, Organization, Queue, Thread};
    let member = vec![
        (Read, Organization, false),
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
        (Manage, Credential, true),
        (Manage, Datastore, false),
        (Manage, Thread, true),
        (Read, Queue, false),
    ];
    let viewer = vec![
        (Read, Organization, false),
        (Manage, ApiToken, true),
        (Read, Flow, false),
        (Read, Execution, false),
        (Read, Queue, false),
    ];
    [
        BuiltIn {
            key: "owner",
            name: "Owner",
            // Conversations are private to their owner, also from the owner of the organization.
            grants: Subject::ALL.iter().map(|subject| (Manage, *subject, *subject == Thread)).collect(),
        },
        BuiltIn { key: "member", name: "Member", grants: member },
        BuiltIn { key: "viewer", name: "Viewer", grants: viewer },
    ]
}
