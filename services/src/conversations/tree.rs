//! The tree of a thread: the parent of each message. Read from an index, without loading messages.

use std::collections::HashMap;

use mongodb::bson::doc;
use serde::Deserialize;
use triptych_entities::{
    documents::conversations::message::Message,
    ids::{MessageId, ThreadId},
};
use triptych_stores::{
    access::Scope,
    collections::{Documents, all},
    connections::Stores,
    error::StoreError,
};

#[derive(Deserialize)]
struct Node {
    #[serde(rename = "_id")]
    id: MessageId,
    #[serde(rename = "parentId", default)]
    parent: Option<MessageId>,
}

/// The parents of the messages of one or several threads.
pub(crate) struct Tree(HashMap<MessageId, Option<MessageId>>);

impl Tree {
    pub(crate) async fn read(
        stores: &Stores,
        scope: Scope,
        threads: &[ThreadId],
    ) -> Result<Self, StoreError> {
        let mut filter = Documents::<Message>::within(scope);
        filter.insert("threadId", doc! { "$in": threads.to_vec() });
        let nodes = stores.documents::<Message>().across_tenants().clone_with_type::<Node>();
        let find = nodes.find(filter).projection(doc! { "_id": 1, "parentId": 1 }).hint(
            mongodb::options::Hint::Keys(
                doc! { "organizationId": 1, "threadId": 1, "_id": 1, "parentId": 1 },
            ),
        );
        Ok(Self(all(find).await?.into_iter().map(|node| (node.id, node.parent)).collect()))
    }

    pub(crate) fn contains(&self, id: MessageId) -> bool {
        self.0.contains_key(&id)
    }

    /// The path from the first message to this one; empty if the message is in none of the threads.
    pub(crate) fn branch_to(&self, leaf: MessageId) -> Vec<MessageId> {
        let mut branch = Vec::new();
        let mut next = Some(leaf);
        while let Some(id) = next.filter(|id| self.contains(*id)) {
            branch.push(id);
            // Limits the loop if damaged data contain a cycle.
            if branch.len() > self.0.len() {
                break;
            }
            next = self.0.get(&id).copied().flatten();
        }
        branch.reverse();
        branch
    }
}
