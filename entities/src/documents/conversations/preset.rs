//! A preset: a model, a system prompt and parameters that a person keeps to start conversations with.

use bson::{DateTime, doc};
use serde::{Deserialize, Serialize};

use super::generation::Parameters;
use crate::{
    access::Subject,
    documents::{collection::Collection, index::Index},
    ids::{OrganizationId, PresetId, UserId},
};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Preset {
    #[serde(rename = "_id")]
    pub id: PresetId,
    pub organization_id: OrganizationId,
    pub owner_id: UserId,
    /// Raised by every change.
    pub version: i32,
    pub name: String,
    /// `provider/model`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Instructions before the conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    #[serde(default)]
    pub parameters: Parameters,
    /// The creator's idempotency key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    pub created_at: DateTime,
    pub updated_at: DateTime,
}

impl Collection for Preset {
    const NAME: &'static str = "presets";
    const NOUN: &'static str = "preset";
    const SUBJECT: Subject = Subject::Preset;
    const VERSIONED: bool = true;

    type Id = PresetId;

    fn id(&self) -> PresetId {
        self.id
    }

    fn organization_id(&self) -> OrganizationId {
        self.organization_id
    }

    fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref()
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::new("list", doc! { "organizationId": 1, "ownerId": 1, "_id": -1 }),
            Index::client("ownerId"),
        ]
    }
}
