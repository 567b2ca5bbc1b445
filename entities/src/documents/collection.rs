//! What a document says about its collection.

use std::fmt;

use bson::{Bson, Document};
use serde::{Serialize, de::DeserializeOwned};

use super::index::Index;
use crate::{
    access::Subject,
    ids::{Id, OrganizationId},
};

/// A document and its collection. Every document has an `_id` and an `organizationId`; queries begin with a scope
/// (`stores::access::Scope`), which needs to know whose a document is.
pub trait Collection:
    Serialize + DeserializeOwned + Clone + fmt::Debug + Unpin + Send + Sync + 'static
{
    /// The name of the collection in MongoDB.
    const NAME: &'static str;
    /// What one document is called in messages: "no such thread".
    const NOUN: &'static str;
    /// The subject that permissions on these documents are about.
    const SUBJECT: Subject;
    /// Who owns a document, for permissions that reach only one's own.
    const OWNERSHIP: Ownership<Self> = Ownership::Field("ownerId");
    /// Whether the documents have a `version`, which every change raises, so that two people who edit one at the
    /// same time are told.
    const VERSIONED: bool = false;

    type Id: Id + Into<Bson> + fmt::Display;

    fn id(&self) -> Self::Id;

    fn organization_id(&self) -> OrganizationId;

    /// The creator's idempotency key. A collection that has one declares [`Index::client`].
    fn client_id(&self) -> Option<&str> {
        None
    }

    /// The indexes that queries on the collection need. The organization leads every index of a list.
    fn indexes() -> Vec<Index>;
}

/// How a document says who owns it.
#[derive(Debug)]
pub enum Ownership<C> {
    /// The user in this field.
    Field(&'static str),
    /// The owner of another document, in `collection`, that this one belongs to.
    Parent { collection: &'static str, of: fn(&C) -> Bson },
}

/// A collection without its type, for what is done with all of them.
#[derive(Debug, Clone, Copy)]
pub struct CollectionInfo {
    pub name: &'static str,
    pub subject: Subject,
    /// The TypeID prefix of its documents.
    pub prefix: &'static str,
    pub indexes: fn() -> Vec<Index>,
}

impl CollectionInfo {
    #[must_use]
    pub const fn of<C: Collection>() -> Self {
        Self { name: C::NAME, subject: C::SUBJECT, prefix: <C::Id as Id>::PREFIX, indexes: C::indexes }
    }
}

/// The value of a field of an index that only holds documents with that field.
pub(super) fn present(field: &str) -> Document {
    bson::doc! { field: { "$exists": true } }
}
