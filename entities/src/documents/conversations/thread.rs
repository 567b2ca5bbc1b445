//! A thread: one conversation. Its messages are a tree; the thread names the leaf that is in view.

use bson::DateTime;
use serde::{Deserialize, Serialize};

use crate::ids::{GenerationId, MessageId, OrganizationId, ThreadId, UserId};

/// The collection's name.
pub const COLLECTION: &str = "threads";

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Thread {
    #[serde(rename = "_id")]
    pub id: ThreadId,
    pub organization_id: OrganizationId,
    pub owner_id: UserId,
    pub title: String,
    /// `provider/model` for messages that name none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The end of the branch in view.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active_leaf_id: Option<MessageId>,
    /// The answer in progress; a thread has at most one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active_generation_id: Option<GenerationId>,
    /// The creator's idempotency key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    pub archived: bool,
    pub created_at: DateTime,
    pub updated_at: DateTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_message_at: Option<DateTime>,
}
