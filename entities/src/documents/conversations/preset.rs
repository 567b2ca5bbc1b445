//! Presets: a model, a system prompt and parameters for new conversations.

use serde::{Deserialize, Serialize};

use super::generation::Parameters;
use crate::{access::Subject, documents::record::Content, ids::ids};

ids! { PresetId = "preset"; }

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Preset {
    pub name: String,
    /// `provider/model`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Instructions before the conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    #[serde(default)]
    pub parameters: Parameters,
}

impl Content for Preset {
    const NAME: &'static str = "presets";
    const NOUN: &'static str = "preset";
    const SUBJECT: Subject = Subject::Documents { name: "preset", private: true };

    type Id = PresetId;
}
