//! What is told of an answer while it is written. Offsets count Unicode scalar values from the part's start.

use async_graphql::{ID, Json, SimpleObject, Union};
use chrono::{DateTime, Utc};
use serde_json::Value;
use triptych_entities::payloads::generation_event as payload;
use triptych_services::conversations::generations;

use super::{
    MessagePart, Usage,
    object::{GenerationError, GenerationStatus},
    part::PartKind,
    parts,
};

/// An event and its place.
#[derive(SimpleObject)]
pub struct GenerationEnvelope {
    /// `gen_…`
    pub generation_id: ID,
    /// The message that the answer becomes; null when a flow's step asked.
    pub message_id: Option<ID>,
    /// Counts the runs.
    pub epoch: i32,
    /// Counts up by one with each event of a run. After a gap a snapshot comes, or a restart.
    pub seq: i32,
    /// Give it as `after` to go on from here.
    pub cursor: String,
    /// What happened.
    pub event: GenerationEvent,
}

impl From<generations::Envelope> for GenerationEnvelope {
    fn from(envelope: generations::Envelope) -> Self {
        Self {
            generation_id: envelope.generation_id.to_string().into(),
            message_id: envelope.message_id.map(|id| id.to_string().into()),
            epoch: i32::try_from(envelope.epoch).unwrap_or(i32::MAX),
            seq: i32::try_from(envelope.seq).unwrap_or(i32::MAX),
            cursor: envelope.cursor,
            event: envelope.event.into(),
        }
    }
}

/// Something that happened. One of `GenerationCompleted`, `GenerationAborted` and `GenerationFailed` comes once, last,
/// after the message is stored.
#[derive(Union)]
pub enum GenerationEvent {
    GenerationSnapshot(GenerationSnapshot),
    GenerationStarted(GenerationStarted),
    GenerationRestarted(GenerationRestarted),
    PartStarted(PartStarted),
    TextDelta(TextDelta),
    ReasoningDelta(ReasoningDelta),
    ToolInputDelta(ToolInputDelta),
    PartFinished(PartFinished),
    ToolCallReady(ToolCallReady),
    ToolApprovalRequested(ToolApprovalRequested),
    ToolResultReady(ToolResultReady),
    CitationAdded(CitationAdded),
    FileAdded(FileAdded),
    DataAdded(DataAdded),
    UsageUpdated(UsageUpdated),
    GenerationCompleted(GenerationCompleted),
    GenerationAborted(GenerationAborted),
    GenerationFailed(GenerationFailed),
}

/// Everything so far. It replaces what the client holds.
#[derive(SimpleObject)]
pub struct GenerationSnapshot {
    /// How far the answer is.
    pub status: GenerationStatus,
    /// All of its parts. The text of a part that grows goes on where it ends here.
    pub parts: Vec<MessagePart>,
}

/// A worker asks the model.
#[derive(SimpleObject)]
pub struct GenerationStarted {
    /// `provider/model`
    pub model: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// A worker was lost, and the answer is begun again: what came before is void.
#[derive(SimpleObject)]
pub struct GenerationRestarted {
    /// The new run.
    pub epoch: i32,
    /// When.
    pub at: DateTime<Utc>,
}

/// A part begins.
#[derive(SimpleObject)]
pub struct PartStarted {
    /// Unique within the answer.
    pub part_id: String,
    /// What it will be.
    pub kind: PartKind,
}

/// More text.
#[derive(SimpleObject)]
pub struct TextDelta {
    /// The part that grows.
    pub part_id: String,
    /// The part's length before, in Unicode scalar values.
    pub offset: i32,
    /// What is added.
    pub text: String,
}

/// More reasoning.
#[derive(SimpleObject)]
pub struct ReasoningDelta {
    /// The part that grows.
    pub part_id: String,
    /// The part's length before, in Unicode scalar values.
    pub offset: i32,
    /// What is added.
    pub text: String,
}

/// More of a tool call's arguments, as the model writes them.
#[derive(SimpleObject)]
pub struct ToolInputDelta {
    /// The part that grows.
    pub part_id: String,
    /// The length of the arguments before, in Unicode scalar values.
    pub offset: i32,
    /// What is added.
    pub text: String,
}

/// A part is whole.
#[derive(SimpleObject)]
pub struct PartFinished {
    /// The part.
    pub part_id: String,
}

/// A tool call is whole.
#[derive(SimpleObject)]
pub struct ToolCallReady {
    /// The part.
    pub part_id: String,
    /// What the result will refer to.
    pub call_id: String,
    /// The tool.
    pub name: String,
    /// What the model gives it; a string when it is not JSON.
    pub arguments: Json<Value>,
}

/// A tool waits for a person's consent.
#[derive(SimpleObject)]
pub struct ToolApprovalRequested {
    /// The part.
    pub part_id: String,
    /// The call.
    pub call_id: String,
    /// The tool.
    pub name: String,
    /// What the model gives it.
    pub arguments: Json<Value>,
}

/// A tool has answered.
#[derive(SimpleObject)]
pub struct ToolResultReady {
    /// The part.
    pub part_id: String,
    /// The call.
    pub call_id: String,
    /// What the tool answered.
    pub result: Json<Value>,
}

/// The model says where something is from.
#[derive(SimpleObject)]
pub struct CitationAdded {
    /// The part.
    pub part_id: String,
    /// What the source is called.
    pub title: String,
    /// Where the source is.
    pub url: Option<String>,
    /// The passage.
    pub quote: Option<String>,
}

/// The model made a file.
#[derive(SimpleObject)]
pub struct FileAdded {
    /// The part.
    pub part_id: String,
    /// The file's name.
    pub name: String,
    /// Such as `image/png`.
    pub media_type: String,
    /// Where it is.
    pub url: String,
}

/// The model gave data for programs.
#[derive(SimpleObject)]
pub struct DataAdded {
    /// The part.
    pub part_id: String,
    /// The data.
    pub data: Json<Value>,
}

/// The provider has counted.
#[derive(SimpleObject)]
pub struct UsageUpdated {
    /// The tokens so far. Costs come with the end.
    pub usage: Usage,
}

/// The answer is whole and stored.
#[derive(SimpleObject)]
pub struct GenerationCompleted {
    /// The message that holds it; null when a flow's step asked.
    pub message_id: Option<ID>,
    /// Why the model stopped.
    pub finish_reason: Option<String>,
    /// What it used.
    pub usage: Usage,
}

/// Somebody stopped the answer; what had come is stored.
#[derive(SimpleObject)]
pub struct GenerationAborted {
    /// The message that holds it; null when a flow's step asked.
    pub message_id: Option<ID>,
    /// `REQUESTED`
    pub reason: String,
}

/// The answer failed; what had come is stored.
#[derive(SimpleObject)]
pub struct GenerationFailed {
    /// The message that holds it; null when a flow's step asked.
    pub message_id: Option<ID>,
    /// Why.
    pub error: GenerationError,
}

impl From<payload::GenerationEvent> for GenerationEvent {
    fn from(event: payload::GenerationEvent) -> Self {
        use payload::GenerationEvent as Event;
        let place = |offset: i64| i32::try_from(offset).unwrap_or(i32::MAX);
        let message = |id: Option<triptych_entities::ids::MessageId>| id.map(|id| id.to_string().into());
        match event {
            Event::GenerationSnapshot { status, parts: all } => {
                Self::GenerationSnapshot(GenerationSnapshot { status: status.into(), parts: parts(all) })
            }
            Event::GenerationStarted { model, at } => {
                Self::GenerationStarted(GenerationStarted { model, at })
            }
            Event::GenerationRestarted { epoch, at } => {
                Self::GenerationRestarted(GenerationRestarted { epoch, at })
            }
            Event::PartStarted { part_id, kind } => {
                Self::PartStarted(PartStarted { part_id, kind: kind.into() })
            }
            Event::TextDelta { part_id, offset, text } => {
                Self::TextDelta(TextDelta { part_id, offset: place(offset), text })
            }
            Event::ReasoningDelta { part_id, offset, text } => {
                Self::ReasoningDelta(ReasoningDelta { part_id, offset: place(offset), text })
            }
            Event::ToolInputDelta { part_id, offset, text } => {
                Self::ToolInputDelta(ToolInputDelta { part_id, offset: place(offset), text })
            }
            Event::PartFinished { part_id } => Self::PartFinished(PartFinished { part_id }),
            Event::ToolCallReady { part_id, call_id, name, arguments } => {
                Self::ToolCallReady(ToolCallReady { part_id, call_id, name, arguments: Json(arguments) })
            }
            Event::ToolResultReady { part_id, call_id, result } => {
                Self::ToolResultReady(ToolResultReady { part_id, call_id, result: Json(result) })
            }
            Event::CitationAdded { part_id, title, url, quote } => {
                Self::CitationAdded(CitationAdded { part_id, title, url, quote })
            }
            Event::FileAdded { part_id, name, media_type, url } => {
                Self::FileAdded(FileAdded { part_id, name, media_type, url })
            }
            Event::DataAdded { part_id, data } => Self::DataAdded(DataAdded { part_id, data: Json(data) }),
            Event::UsageUpdated { usage } => Self::UsageUpdated(UsageUpdated { usage: usage.into() }),
            Event::GenerationCompleted { message_id, finish_reason, usage } => {
                Self::GenerationCompleted(GenerationCompleted {
                    message_id: message(message_id),
                    finish_reason,
                    usage: usage.into(),
                })
            }
            Event::GenerationAborted { message_id, reason } => {
                Self::GenerationAborted(GenerationAborted { message_id: message(message_id), reason })
            }
            Event::GenerationFailed { message_id, error } => Self::GenerationFailed(GenerationFailed {
                message_id: message(message_id),
                error: error.into(),
            }),
        }
    }
}
