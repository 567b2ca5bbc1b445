//! The typed parts of a message.

use serde::{Deserialize, Serialize};

use crate::documents::json_text;

/// One part. `id` is unique within the message and does not change while the part grows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Part {
    Text {
        id: String,
        text: String,
    },
    Reasoning {
        id: String,
        text: String,
    },
    /// `arguments` is the JSON that the model wrote; a string when it was not valid JSON.
    ToolCall {
        id: String,
        call_id: String,
        name: String,
        #[serde(with = "json_text")]
        arguments: serde_json::Value,
    },
    ToolResult {
        id: String,
        call_id: String,
        #[serde(with = "json_text")]
        result: serde_json::Value,
    },
    Citation {
        id: String,
        title: String,
        url: Option<String>,
        quote: Option<String>,
    },
    File {
        id: String,
        name: String,
        media_type: String,
        url: String,
    },
    Image {
        id: String,
        media_type: String,
        url: String,
        alt: Option<String>,
    },
    Data {
        id: String,
        #[serde(with = "json_text")]
        data: serde_json::Value,
    },
    Error {
        id: String,
        code: String,
        message: String,
    },
}

/// The kind of a part, known before its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartKind {
    Text,
    Reasoning,
    ToolCall,
    ToolResult,
    Citation,
    File,
    Image,
    Data,
    Error,
}

impl Part {
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Text { id, .. }
            | Self::Reasoning { id, .. }
            | Self::ToolCall { id, .. }
            | Self::ToolResult { id, .. }
            | Self::Citation { id, .. }
            | Self::File { id, .. }
            | Self::Image { id, .. }
            | Self::Data { id, .. }
            | Self::Error { id, .. } => id,
        }
    }

    /// The text of all text parts, in order.
    #[must_use]
    pub fn text_of(parts: &[Self]) -> String {
        parts
            .iter()
            .filter_map(|part| match part {
                Self::Text { text, .. } => Some(text.as_str()),
                _ => None,
            })
            .collect()
    }
}
