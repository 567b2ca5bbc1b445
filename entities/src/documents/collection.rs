//! The declaration of a collection.

use std::fmt;

use bson::{Bson, Document};
use serde::{Serialize, de::DeserializeOwned};

use super::index::Index;
use crate::{access::Subject, ids::Id};

/// A document and its collection. Every document has an `_id` and an `organizationId`; queries begin with a scope
/// (`stores::access::Scope`), which needs the owner of a document. A document whose creator gives an idempotency key has it
/// in `clientId`, and its collection declares [`Index::client`].
pub trait Collection:
    Serialize + DeserializeOwned + Clone + fmt::Debug + Unpin + Send + Sync + 'static
{
    /// The name of the collection in MongoDB.
    const NAME: &'static str;
    /// The name of one document in messages: "no such thread".
    const NOUN: &'static str;
    /// The subject of permissions on these documents.
    const SUBJECT: Subject;
    /// The owner of a document, for permissions that are limited to own documents.
    const OWNERSHIP: Ownership<Self> = Ownership::Field("ownerId");
    /// Whether the documents of a user are removed when the account is deleted. Those of a parent are removed with it.
    /// Others stay with the organization.
    const REMOVED_WITH_OWNER: bool = false;
    /// Whether the documents have a `version` that every change increments, for optimistic concurrency control.
    const VERSIONED: bool = false;

    type Id: Id;

    fn id(&self) -> Self::Id;

    /// The indexes that queries on the collection need. The organization leads every index of a list.
    fn indexes() -> Vec<Index>;
}

/// Where the owner of a document is stored.
#[derive(Debug)]
pub enum Ownership<C> {
    /// The user in this field.
    Field(&'static str),
    /// The owner of the parent document in `collection`.
    Parent { collection: &'static str, of: fn(&C) -> Bson },
}

/// A collection without its type, for operations on all collections.
#[derive(Debug, Clone, Copy)]
pub struct CollectionInfo {
    pub name: &'static str,
    pub subject: Subject,
    /// The TypeID prefix of its documents.
    pub prefix: &'static str,
    pub indexes: fn() -> Vec<Index>,
    /// The field of the owner, if the documents of a user are removed when the account is deleted.
    pub removed_with_owner: Option<&'static str>,
}

impl CollectionInfo {
    #[must_use]
    pub const fn of<C: Collection>() -> Self {
        let removed_with_owner = match C::OWNERSHIP {
            Ownership::Field(field) if C::REMOVED_WITH_OWNER => Some(field),
            _ => None,
        };
        Self {
            name: C::NAME,
            subject: C::SUBJECT,
            prefix: <C::Id as Id>::PREFIX,
            indexes: C::indexes,
            removed_with_owner,
        }
    }
}

/// The filter value of a partial index that contains only documents with the field.
pub(super) fn present(field: &str) -> Document {
    bson::doc! { field: { "$exists": true } }
}
