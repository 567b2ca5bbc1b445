//! Declarations of indexes.

use bson::{Document, doc};

use super::collection::present;

/// An index of a collection.
#[derive(Debug, Clone)]
pub struct Index {
    pub name: &'static str,
    pub keys: Document,
    pub unique: bool,
    /// Only documents that match this filter are in the index.
    pub only: Option<Document>,
}

impl Index {
    #[must_use]
    pub fn new(name: &'static str, keys: Document) -> Self {
        Self { name, keys, unique: false, only: None }
    }

    /// Unique among the documents that match `only`.
    #[must_use]
    pub fn unique(name: &'static str, keys: Document, only: Document) -> Self {
        Self { name, keys, unique: true, only: Some(only) }
    }

    /// Unique among the documents that have this field.
    #[must_use]
    pub fn unique_where_present(name: &'static str, keys: Document, field: &str) -> Self {
        Self::unique(name, keys, present(field))
    }

    /// Contains only the documents that have this field.
    #[must_use]
    pub fn where_present(name: &'static str, keys: Document, field: &str) -> Self {
        Self { only: Some(present(field)), ..Self::new(name, keys) }
    }

    /// The unique index of `clientId`, the idempotency key, per creator.
    #[must_use]
    pub fn client(creator: &str) -> Self {
        let keys = doc! { "organizationId": 1, creator: 1, "clientId": 1 };
        Self::unique_where_present("client", keys, "clientId")
    }
}
