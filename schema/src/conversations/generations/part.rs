//! The parts of messages and responses.

use async_graphql::{Enum, Json, SimpleObject, Union};
use serde_json::Value;
use triptych_entities::documents::conversations::part;

use crate::output::Items;

/// One part of a message.
#[derive(Union)]
#[graphql(crate = "crate::output")]
#[expect(clippy::enum_variant_names, reason = "the API's names of the members of the union")]
pub enum MessagePart {
    TextPart(TextPart),
    ReasoningPart(ReasoningPart),
    ToolCallPart(ToolCallPart),
    ToolResultPart(ToolResultPart),
    CitationPart(CitationPart),
    FilePart(FilePart),
    ImagePart(ImagePart),
    DataPart(DataPart),
    ErrorPart(ErrorPart),
}

/// Text.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct TextPart {
    /// Unique within the message.
    pub id: String,
    /// The text, in Markdown.
    pub text: String,
}

/// Reasoning of the model.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct ReasoningPart {
    /// Unique within the message.
    pub id: String,
    /// The text that the provider returns.
    pub text: String,
}

/// A call of a tool by the model.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct ToolCallPart {
    /// Unique within the message.
    pub id: String,
    /// The id of the call, to which the result refers.
    pub call_id: String,
    /// The name of the tool.
    pub name: String,
    /// The arguments of the call; a string while they are incomplete, or if they are not JSON.
    pub arguments: Json<Value>,
}

/// The result of a call of a tool.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct ToolResultPart {
    /// Unique within the message.
    pub id: String,
    /// The id of the call.
    pub call_id: String,
    /// The result.
    pub result: Json<Value>,
}

/// A citation of a source.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct CitationPart {
    /// Unique within the message.
    pub id: String,
    /// The title of the source.
    pub title: String,
    /// The URL of the source.
    pub url: Option<String>,
    /// The quoted passage.
    pub quote: Option<String>,
}

/// A file.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct FilePart {
    /// Unique within the message.
    pub id: String,
    /// The file name.
    pub name: String,
    /// The media type, such as `application/pdf`.
    pub media_type: String,
    /// The URL.
    pub url: String,
}

/// An image.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct ImagePart {
    /// Unique within the message.
    pub id: String,
    /// The media type, such as `image/png`.
    pub media_type: String,
    /// The URL.
    pub url: String,
    /// The alternative text.
    pub alt: Option<String>,
}

/// Structured data.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct DataPart {
    /// Unique within the message.
    pub id: String,
    /// The data.
    pub data: Json<Value>,
}

/// An error within the message.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct ErrorPart {
    /// Unique within the message.
    pub id: String,
    /// The error code.
    pub code: String,
    /// The error message.
    pub message: String,
}

/// The kind of a part.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "part::PartKind")]
pub enum PartKind {
    /// Text.
    Text,
    /// Reasoning of the model.
    Reasoning,
    /// A call of a tool.
    ToolCall,
    /// The result of a call of a tool.
    ToolResult,
    /// A citation of a source.
    Citation,
    /// A file.
    File,
    /// An image.
    Image,
    /// Structured data.
    Data,
    /// An error.
    Error,
}

impl From<part::Part> for MessagePart {
    fn from(part: part::Part) -> Self {
        use part::Part;
        match part {
            Part::Text { id, text } => Self::TextPart(TextPart { id, text }),
            Part::Reasoning { id, text } => Self::ReasoningPart(ReasoningPart { id, text }),
            Part::ToolCall { id, call_id, name, arguments } => {
                Self::ToolCallPart(ToolCallPart { id, call_id, name, arguments: Json(arguments) })
            }
            Part::ToolResult { id, call_id, result } => {
                Self::ToolResultPart(ToolResultPart { id, call_id, result: Json(result) })
            }
            Part::Citation { id, title, url, quote } => {
                Self::CitationPart(CitationPart { id, title, url, quote })
            }
            Part::File { id, name, media_type, url } => {
                Self::FilePart(FilePart { id, name, media_type, url })
            }
            Part::Image { id, media_type, url, alt } => {
                Self::ImagePart(ImagePart { id, media_type, url, alt })
            }
            Part::Data { id, data } => Self::DataPart(DataPart { id, data: Json(data) }),
            Part::Error { id, code, message } => Self::ErrorPart(ErrorPart { id, code, message }),
        }
    }
}

/// Converts parts in their order.
pub fn parts(parts: Vec<part::Part>) -> Items<MessagePart> {
    parts.into_iter().map(Into::into).collect()
}
