//! Every collection's indexes, in one place. They are ensured at start, in the background.

use bson::{Document, doc};

/// An index of a collection.
pub struct Index {
    pub collection: &'static str,
    pub name: &'static str,
    pub keys: Document,
    pub unique: bool,
    /// Only documents that match are in the index.
    pub only: Option<Document>,
}

fn index(collection: &'static str, name: &'static str, keys: Document) -> Index {
    Index { collection, name, keys, unique: false, only: None }
}

fn unique(collection: &'static str, name: &'static str, keys: Document, only: Document) -> Index {
    Index { collection, name, keys, unique: true, only: Some(only) }
}

/// The indexes that the queries of the services rely on. The organization leads every index that a list uses.
#[must_use]
pub fn all() -> Vec<Index> {
    use super::conversations::{generation, message, thread, usage_event};
    let present = |field: &str| doc! { field: { "$exists": true } };
    vec![
        index(
            thread::COLLECTION,
            "recent",
            doc! { "organizationId": 1, "ownerId": 1, "archived": 1, "createdAt": -1, "_id": -1 },
        ),
        unique(
            thread::COLLECTION,
            "client",
            doc! { "organizationId": 1, "ownerId": 1, "clientId": 1 },
            present("clientId"),
        ),
        // With the parent in it, the shape of a thread's tree is read from the index alone.
        index(
            message::COLLECTION,
            "tree",
            doc! { "organizationId": 1, "threadId": 1, "_id": 1, "parentId": 1 },
        ),
        unique(
            message::COLLECTION,
            "sibling",
            doc! { "threadId": 1, "parentId": 1, "sibling": 1 },
            doc! { "sibling": { "$gte": 0 } },
        ),
        unique(
            message::COLLECTION,
            "client",
            doc! { "organizationId": 1, "authorId": 1, "clientId": 1 },
            present("clientId"),
        ),
        unique(
            generation::COLLECTION,
            "step",
            doc! { "origin.executionStepId": 1 },
            present("origin.executionStepId"),
        ),
        unique(
            generation::COLLECTION,
            "active_in_thread",
            doc! { "origin.threadId": 1 },
            doc! { "origin.threadId": { "$exists": true }, "status": { "$in": ["QUEUED", "STREAMING"] } },
        ),
        index(generation::COLLECTION, "unfinished", doc! { "status": 1, "leaseUntil": 1 }),
        index(
            generation::COLLECTION,
            "owner",
            doc! { "organizationId": 1, "ownerId": 1, "status": 1, "_id": -1 },
        ),
        unique(
            usage_event::COLLECTION,
            "call",
            doc! { "generationId": 1, "epoch": 1 },
            present("generationId"),
        ),
        index(usage_event::COLLECTION, "flow", doc! { "organizationId": 1, "flowId": 1, "createdAt": 1 }),
        index(usage_event::COLLECTION, "execution", doc! { "organizationId": 1, "executionId": 1 }),
        index(usage_event::COLLECTION, "thread", doc! { "organizationId": 1, "threadId": 1 }),
        index(usage_event::COLLECTION, "recent", doc! { "organizationId": 1, "createdAt": 1 }),
    ]
}
