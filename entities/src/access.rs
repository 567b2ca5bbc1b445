//! What a permission says: an action on a kind of subject.

/// What can be done to a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    Read,
    Create,
    Update,
    Delete,
    Publish,
    Run,
    /// Everything, on this subject.
    Manage,
}

/// What a permission is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    Organization,
    ApiToken,
    Flow,
    Execution,
    Credential,
    Datastore,
    Thread,
    /// The queues and their dead letters.
    Queue,
}

macro_rules! named {
    ($type:ident { $($variant:ident = $name:literal),+ $(,)? }) => {
        impl $type {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// As it is stored and spoken of.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            #[must_use]
            pub fn by_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|item| item.name() == name)
            }
        }
    };
}

named!(Action {
    Read = "read",
    Create = "create",
    Update = "update",
    Delete = "delete",
    Publish = "publish",
    Run = "run",
    Manage = "manage",
});

named!(Subject {
    Organization = "organization",
    ApiToken = "api_token",
    Flow = "flow",
    Execution = "execution",
    Credential = "credential",
    Datastore = "datastore",
    Thread = "thread",
    Queue = "queue",
});
