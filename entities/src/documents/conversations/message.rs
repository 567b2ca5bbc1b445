//! A message: a node in the tree of its thread.

use bson::{DateTime, Document, doc};
use serde::{Deserialize, Serialize};

use super::{generation::Usage, part::Part, thread::Thread};
use crate::{
    access::Subject,
    documents::{
        collection::{Collection, Ownership},
        index::Index,
    },
    ids::{GenerationId, MessageId, OrganizationId, ThreadId, UserId},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Role {
    System,
    User,
    Assistant,
    Tool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// A response that is in progress.
    Pending,
    Completed,
    /// Cancelled; the response so far is stored.
    Aborted,
    Failed,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    #[serde(rename = "_id")]
    pub id: MessageId,
    pub organization_id: OrganizationId,
    pub thread_id: ThreadId,
    #[serde(default)]
    pub parent_id: Option<MessageId>,
    /// Position among the children of the same parent, from 0.
    pub sibling: i32,
    pub role: Role,
    pub status: Status,
    pub parts: Vec<Part>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author_id: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation_id: Option<GenerationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// The idempotency key of the sender.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Provider-specific fields, unchanged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extra: Option<Document>,
    pub created_at: DateTime,
}

impl Message {
    /// The provider-specific fields as JSON.
    #[must_use]
    pub fn extra_json(&self) -> Option<serde_json::Value> {
        bson::deserialize_from_document(self.extra.clone()?).ok()
    }
}

impl Collection for Message {
    const NAME: &'static str = "chat_messages";
    const NOUN: &'static str = "message";
    const SUBJECT: Subject = Subject::Thread;
    const OWNERSHIP: Ownership<Self> =
        Ownership::Parent { collection: Thread::NAME, of: |message| message.thread_id.into() };

    type Id = MessageId;

    fn id(&self) -> MessageId {
        self.id
    }

    fn indexes() -> Vec<Index> {
        vec![
            // Contains the parent, so that the structure of a tree is read from the index alone.
            Index::new("tree", doc! { "organizationId": 1, "threadId": 1, "_id": 1, "parentId": 1 }),
            Index::unique(
                "sibling",
                doc! { "threadId": 1, "parentId": 1, "sibling": 1 },
                doc! { "sibling": { "$gte": 0 } },
            ),
            Index::client("authorId"),
        ]
    }
}
