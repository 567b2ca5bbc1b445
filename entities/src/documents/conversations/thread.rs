//! A thread: one conversation. Its messages form a tree; the thread stores the active leaf.

use bson::{DateTime, doc};
use serde::{Deserialize, Serialize};

use crate::{
    access::Subject,
    documents::{collection::Collection, index::Index},
    ids::{GenerationId, MessageId, OrganizationId, ThreadId, UserId},
};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Thread {
    #[serde(rename = "_id")]
    pub id: ThreadId,
    pub organization_id: OrganizationId,
    pub owner_id: UserId,
    pub title: String,
    /// The default `provider/model` of the messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The last message of the active branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active_leaf_id: Option<MessageId>,
    /// The generation in progress, at most one per thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active_generation_id: Option<GenerationId>,
    /// The idempotency key of the creator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    pub archived: bool,
    pub created_at: DateTime,
    pub updated_at: DateTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_message_at: Option<DateTime>,
}

impl Collection for Thread {
    const NAME: &'static str = "threads";
    const NOUN: &'static str = "thread";
    const SUBJECT: Subject = Subject::Thread;

    type Id = ThreadId;

    fn id(&self) -> ThreadId {
        self.id
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::new(
                "recent",
                doc! { "organizationId": 1, "ownerId": 1, "archived": 1, "createdAt": -1, "_id": -1 },
            ),
            // For the deletion of an account.
            Index::new("owner", doc! { "ownerId": 1 }),
            Index::client("ownerId"),
        ]
    }
}
