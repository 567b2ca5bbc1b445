//! The parts of a permission: an action on a kind of subject.

use std::fmt;

/// Declares an enum together with the names of its variants, so that the two lists cannot differ.
macro_rules! named {
    ($(#[$doc:meta])* $type:ident { $($(#[$variant_doc:meta])* $variant:ident = $name:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $type {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $type {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in stored permissions, scopes of API tokens and messages.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            #[must_use]
            pub fn by_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|item| item.name() == name)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

named! {
    /// An action on a subject.
    Action {
        Read = "read",
        Create = "create",
        Update = "update",
        Delete = "delete",
        Publish = "publish",
        Run = "run",
        /// All actions on the subject.
        Manage = "manage",
    }
}

named! {
    /// The subject of a permission: a kind of row or document, or a feature.
    Subject {
        Organization = "organization",
        ApiToken = "api_token",
        Flow = "flow",
        Execution = "execution",
        Credential = "credential",
        Datastore = "datastore",
        Thread = "thread",
        Preset = "preset",
        /// The job queues and their dead letters.
        Queue = "queue",
    }
}

impl Subject {
    /// Whether only the owner has access, for every role: the owner of the organization cannot read the conversations
    /// of its members.
    #[must_use]
    pub fn is_private(self) -> bool {
        matches!(self, Self::Thread | Self::Preset)
    }
}
