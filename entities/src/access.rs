//! The parts of a permission: an action on a kind of subject.

use std::fmt;

/// An action on a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    Read,
    Create,
    Update,
    Delete,
    Publish,
    Run,
    /// Lets flows use it, without reading it.
    Use,
    /// All actions on the subject.
    Manage,
}

/// The subject of a permission: a kind of row or document, or a feature. [`subjects`](crate::subjects) lists all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    Organization,
    ApiToken,
    /// Sessions of users.
    Session,
    /// Members of the organization, and invitations.
    Member,
    /// Roles that the organization makes itself.
    Role,
    /// The audit log.
    AuditEvent,
    Flow,
    Execution,
    Credential,
    Datastore,
    Thread,
    /// The job queues and their dead letters.
    Queue,
    /// The documents of a collection that has a subject of its own.
    Documents {
        name: &'static str,
        /// See [`Subject::is_private`].
        private: bool,
    },
}

impl Action {
    const ALL: [Self; 8] = [
        Self::Read,
        Self::Create,
        Self::Update,
        Self::Delete,
        Self::Publish,
        Self::Run,
        Self::Use,
        Self::Manage,
    ];

    /// The name in stored permissions, scopes of API tokens and messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Publish => "publish",
            Self::Run => "run",
            Self::Use => "use",
            Self::Manage => "manage",
        }
    }

    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }
}

impl Subject {
    /// Those that are not about a single collection.
    pub(crate) const FEATURES: [Self; 12] = [
        Self::Organization,
        Self::ApiToken,
        Self::Session,
        Self::Member,
        Self::Role,
        Self::AuditEvent,
        Self::Flow,
        Self::Execution,
        Self::Credential,
        Self::Datastore,
        Self::Thread,
        Self::Queue,
    ];

    /// The name in stored permissions, scopes of API tokens and messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Organization => "organization",
            Self::ApiToken => "api_token",
            Self::Session => "session",
            Self::Member => "member",
            Self::Role => "role",
            Self::AuditEvent => "audit_event",
            Self::Flow => "flow",
            Self::Execution => "execution",
            Self::Credential => "credential",
            Self::Datastore => "datastore",
            Self::Thread => "thread",
            Self::Queue => "queue",
            Self::Documents { name, .. } => name,
        }
    }

    /// Whether only the owner has access, for every role: the owner of the organization cannot read the conversations
    /// of its members.
    #[must_use]
    pub const fn is_private(self) -> bool {
        matches!(self, Self::Session | Self::Thread | Self::Documents { private: true, .. })
    }

    /// Whether permissions on it give or show access to the organization. API tokens have them only if their scopes name
    /// them.
    #[must_use]
    pub fn governs_access(self) -> bool {
        matches!(self, Self::ApiToken | Self::Session | Self::Member | Self::Role | Self::AuditEvent)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
