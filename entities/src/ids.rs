//! Ids: `UUIDv7` in every store, TypeIDs (`flow_01h2xcejqtf2nbrexx3vqjhp41`) on the wire.
//!
//! Each kind of id has its own type, so that the id of a flow cannot be passed as the id of a thread. The prefix names
//! the kind (<https://github.com/jetify-com/typeid>), so an id of a wrong kind gives a precise error.

use std::{fmt, hash::Hash, str::FromStr};

use bson::Bson;
use serde::{Serialize, de::DeserializeOwned};
use type_safe_id::{StaticType, TypeSafeId};
use uuid::Uuid;

/// Why a string is not an id of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// A well-formed id of another kind.
    #[error("expected an id that starts with `{expected}_`, got `{actual}_…`")]
    WrongKind { expected: &'static str, actual: String },
    /// Not a TypeID at all.
    #[error("not a valid id; expected `{expected}_` and 26 characters")]
    Malformed { expected: &'static str },
}

/// The interface of all ids.
pub trait Id:
    Copy
    + Eq
    + Hash
    + fmt::Debug
    + fmt::Display
    + FromStr<Err = IdError>
    + Into<Bson>
    + Serialize
    + DeserializeOwned
    + Unpin
    + Send
    + Sync
    + 'static
{
    /// The TypeID prefix, without the underscore.
    const PREFIX: &'static str;
    fn from_uuid(uuid: Uuid) -> Self;
    fn uuid(self) -> Uuid;
}

/// The prefix of a TypeID: `flow` of `flow_01h2…`.
#[must_use]
pub fn prefix_of(id: &str) -> Option<&str> {
    id.rsplit_once('_').map(|(prefix, _)| prefix)
}

pub(crate) fn parse<T: StaticType>(text: &str) -> Result<Uuid, IdError> {
    text.parse::<TypeSafeId<T>>().map(|id| id.uuid()).map_err(|error| match error {
        type_safe_id::Error::IncorrectType { actual, .. } if !actual.is_empty() => {
            IdError::WrongKind { expected: T::TYPE, actual: actual.chars().take(24).collect() }
        }
        _ => IdError::Malformed { expected: T::TYPE },
    })
}

/// Declares a newtype for each kind of id. A macro, because the repeated implementations would hide the list of kinds.
/// The id of a small collection is declared in the file of its document.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, sea_orm::DeriveValueType)]
        pub struct $name(pub uuid::Uuid);

        const _: () = {
            use std::{fmt, str::FromStr};

            use serde::{Deserialize, Deserializer, Serialize, Serializer};
            use type_safe_id::{StaticType, TypeSafeId};
            use uuid::Uuid;
            use $crate::ids::{Id, IdError, parse};

            #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
            struct Tag;
            impl StaticType for Tag {
                const TYPE: &'static str = $prefix;
            }

            impl Id for $name {
                const PREFIX: &'static str = $prefix;
                fn from_uuid(uuid: Uuid) -> Self { Self(uuid) }
                fn uuid(self) -> Uuid { self.0 }
            }
            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    TypeSafeId::<Tag>::from_uuid(self.0).fmt(f)
                }
            }
            impl FromStr for $name {
                type Err = IdError;
                fn from_str(text: &str) -> Result<Self, IdError> { parse::<Tag>(text).map(Self) }
            }
            // `bson::Uuid` writes a BSON UUID (subtype 4) into MongoDB and a plain string into JSON.
            impl Serialize for $name {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    bson::Uuid::from_bytes(self.0.into_bytes()).serialize(serializer)
                }
            }
            impl<'de> Deserialize<'de> for $name {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    bson::Uuid::deserialize(deserializer).map(|id| Self(Uuid::from_bytes(id.bytes())))
                }
            }
            impl From<$name> for bson::Bson {
                fn from(id: $name) -> Self { bson::Uuid::from_bytes(id.0.into_bytes()).into() }
            }
            impl sea_orm::TryFromU64 for $name {
                fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
                    Err(sea_orm::DbErr::ConvertFromU64(stringify!($name)))
                }
            }
        };
    )+};
}
pub(crate) use ids;

ids! {
    /// An organization: the tenant.
    OrganizationId = "org";
    UserId = "user";
    RoleId = "role";
    PermissionId = "perm";
    MembershipId = "member";
    ApiTokenId = "token";
    AuditEventId = "audit";
    InvitationId = "invitation";
    /// A session, stored in Redis only.
    SessionId = "session";
    FlowId = "flow";
    FlowVersionId = "version";
    StepId = "step";
    StepLinkId = "link";
    CredentialId = "cred";
    WebhookId = "webhook";
    ScheduleId = "schedule";
    ScheduleFiringId = "firing";
    ExecutionId = "exec";
    ExecutionStepId = "execstep";
    ExecutionLogId = "log";
    /// An outbox row, and the job that is created from it.
    JobId = "job";
    DatastoreItemId = "item";
    /// The removal of a deleted object in the background.
    DeletionId = "deletion";
    ThreadId = "thread";
    MessageId = "msg";
    GenerationId = "gen";
    UsageEventId = "usage";
}
