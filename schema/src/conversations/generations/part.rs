//! The parts that messages and answers are made of.

use async_graphql::{Enum, Json, SimpleObject, Union};
use serde_json::Value;
use triptych_entities::documents::conversations::part;

/// One part of a message.
#[derive(Union)]
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

/// Text for people.
#[derive(SimpleObject)]
pub struct TextPart {
    /// Unique within the message.
    pub id: String,
    /// Markdown, as the model or the person wrote it.
    pub text: String,
}

/// What the model thought before it answered.
#[derive(SimpleObject)]
pub struct ReasoningPart {
    /// Unique within the message.
    pub id: String,
    /// As far as the provider shows it.
    pub text: String,
}

/// A tool that the model called.
#[derive(SimpleObject)]
pub struct ToolCallPart {
    /// Unique within the message.
    pub id: String,
    /// What the result refers to.
    pub call_id: String,
    /// The tool.
    pub name: String,
    /// What the model gave it; a string while it is being written, or when it is not JSON.
    pub arguments: Json<Value>,
}

/// What a tool answered.
#[derive(SimpleObject)]
pub struct ToolResultPart {
    /// Unique within the message.
    pub id: String,
    /// The call that it answers.
    pub call_id: String,
    /// The answer.
    pub result: Json<Value>,
}

/// Where something is from.
#[derive(SimpleObject)]
pub struct CitationPart {
    /// Unique within the message.
    pub id: String,
    /// What the source is called.
    pub title: String,
    /// Where the source is.
    pub url: Option<String>,
    /// The passage.
    pub quote: Option<String>,
}

/// A file.
#[derive(SimpleObject)]
pub struct FilePart {
    /// Unique within the message.
    pub id: String,
    /// The file's name.
    pub name: String,
    /// Such as `application/pdf`.
    pub media_type: String,
    /// Where it is.
    pub url: String,
}

/// An image.
#[derive(SimpleObject)]
pub struct ImagePart {
    /// Unique within the message.
    pub id: String,
    /// Such as `image/png`.
    pub media_type: String,
    /// Where it is.
    pub url: String,
    /// What it shows, for those who cannot see it.
    pub alt: Option<String>,
}

/// Data for programs.
#[derive(SimpleObject)]
pub struct DataPart {
    /// Unique within the message.
    pub id: String,
    /// The data.
    pub data: Json<Value>,
}

/// Something that went wrong within the message.
#[derive(SimpleObject)]
pub struct ErrorPart {
    /// Unique within the message.
    pub id: String,
    /// For programs.
    pub code: String,
    /// For people.
    pub message: String,
}

/// What kind of part it is.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "part::PartKind")]
pub enum PartKind {
    /// Text for people.
    Text,
    /// What the model thinks.
    Reasoning,
    /// A tool that the model calls.
    ToolCall,
    /// What a tool answered.
    ToolResult,
    /// Where something is from.
    Citation,
    /// A file.
    File,
    /// An image.
    Image,
    /// Data for programs.
    Data,
    /// Something that went wrong.
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

/// All of them, in their order.
pub fn parts(parts: Vec<part::Part>) -> Vec<MessagePart> {
    parts.into_iter().map(Into::into).collect()
}
