//! The events of a generation, in the order in which the API lists them. Offsets count Unicode scalar values from
//! the start of the part, so that a client can detect missing events.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{EventRole, LiveEvent};
use crate::{
    documents::conversations::{generation, part},
    failure::Failure,
    ids::MessageId,
};

/// Passes the list of the events of a generation to a macro.
#[macro_export]
macro_rules! generation_events {
    ($expand:ident) => {
        $expand! {
            /// An event of a generation. Exactly one of `GenerationCompleted`, `GenerationAborted` and
            /// `GenerationFailed` is sent, as the last event, after the message is stored.
            pub enum GenerationEvent {
                /// The complete response so far. It replaces all parts that the client has received.
                GenerationSnapshot {
                    /// The status of the generation.
                    status: generation::Status,
                    /// All parts so far. Later deltas are appended to these texts.
                    parts: Vec<part::Part>,
                },
                /// A worker sent the request to the model.
                GenerationStarted {
                    /// `provider/model`
                    model: String,
                    /// When the run started.
                    at: DateTime<Utc>,
                },
                /// The generation was restarted after the loss of a worker. All earlier events are void.
                GenerationRestarted {
                    /// The number of the new run.
                    epoch: i32,
                    /// When the run started.
                    at: DateTime<Utc>,
                },
                /// A part started.
                PartStarted {
                    /// The id of the part, unique within the response.
                    part_id: String,
                    /// The kind of the part.
                    kind: part::PartKind,
                },
                /// Text to append to a text part.
                TextDelta {
                    /// The part to append to.
                    part_id: String,
                    /// The length of the part before the append, in Unicode scalar values.
                    offset: i64,
                    /// The text to append.
                    text: String,
                },
                /// Text to append to a reasoning part.
                ReasoningDelta {
                    /// The part to append to.
                    part_id: String,
                    /// The length of the part before the append, in Unicode scalar values.
                    offset: i64,
                    /// The text to append.
                    text: String,
                },
                /// Text to append to the arguments of a tool call.
                ToolInputDelta {
                    /// The part to append to.
                    part_id: String,
                    /// The length of the arguments before the append, in Unicode scalar values.
                    offset: i64,
                    /// The text to append.
                    text: String,
                },
                /// A part is complete.
                PartFinished {
                    /// The part.
                    part_id: String,
                },
                /// The arguments of a tool call are complete.
                ToolCallReady {
                    /// The part.
                    part_id: String,
                    /// The id of the call; the result refers to it.
                    call_id: String,
                    /// The name of the tool.
                    name: String,
                    /// The arguments; a string if the model did not write valid JSON.
                    arguments: Value,
                },
                /// A tool call waits for the approval of a user.
                ToolApprovalRequested {
                    /// The part.
                    part_id: String,
                    /// The id of the call.
                    call_id: String,
                    /// The name of the tool.
                    name: String,
                    /// The arguments of the call.
                    arguments: Value,
                },
                /// A tool returned its result.
                ToolResultReady {
                    /// The part.
                    part_id: String,
                    /// The id of the call.
                    call_id: String,
                    /// The result of the call.
                    result: Value,
                },
                /// The model cited a source.
                CitationAdded {
                    /// The part.
                    part_id: String,
                    /// The title of the source.
                    title: String,
                    /// The URL of the source.
                    url: Option<String>,
                    /// The quoted passage.
                    quote: Option<String>,
                },
                /// The model produced a file.
                FileAdded {
                    /// The part.
                    part_id: String,
                    /// The file name.
                    name: String,
                    /// The media type, such as `image/png`.
                    media_type: String,
                    /// The URL of the file.
                    url: String,
                },
                /// The model produced structured data.
                DataAdded {
                    /// The part.
                    part_id: String,
                    /// The data.
                    data: Value,
                },
                /// The provider reported token counts.
                UsageUpdated {
                    /// The tokens used so far. The cost is computed when the generation ends.
                    usage: generation::Usage,
                },
                /// The response is complete and stored.
                GenerationCompleted {
                    /// The message with the response; null if a step of a flow requested it.
                    message_id: Option<MessageId>,
                    /// Why the model stopped, as the provider reports it.
                    finish_reason: Option<String>,
                    /// The tokens used and their cost.
                    usage: generation::Usage,
                },
                /// The generation was stopped on request. The response up to then is stored.
                GenerationAborted {
                    /// The message with the response; null if a step of a flow requested it.
                    message_id: Option<MessageId>,
                    /// `REQUESTED`
                    reason: String,
                },
                /// The generation failed. The response up to then is stored.
                GenerationFailed {
                    /// The message with the response; null if a step of a flow requested it.
                    message_id: Option<MessageId>,
                    /// Why the generation failed.
                    error: Failure,
                },
            }
        }
    };
}

generation_events!(event_payload);

impl LiveEvent for GenerationEvent {
    fn role(&self) -> EventRole {
        match self {
            Self::GenerationSnapshot { .. }
            | Self::GenerationStarted { .. }
            | Self::GenerationRestarted { .. } => EventRole::Resets,
            Self::GenerationCompleted { .. }
            | Self::GenerationAborted { .. }
            | Self::GenerationFailed { .. } => EventRole::Ends,
            _ => EventRole::Continues,
        }
    }
}
