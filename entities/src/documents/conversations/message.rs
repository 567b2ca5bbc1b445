//! A message: a node of its thread's tree.

use bson::{DateTime, Document};
use serde::{Deserialize, Serialize};

use super::{generation::Usage, part::Part};
use crate::ids::{GenerationId, MessageId, OrganizationId, ThreadId, UserId};

/// The collection's name.
pub const COLLECTION: &str = "chat_messages";

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
    /// An answer that has not ended yet.
    Pending,
    Completed,
    /// Stopped before its end; what had arrived is kept.
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
    /// The sender's idempotency key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Provider-specific fields, as they came.
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
