//! What subscribers of a generation are told. Offsets count Unicode scalar values from the part's start, so a
//! client that missed nothing can check that it did not.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    documents::conversations::{
        generation::{Status, Usage},
        part::{Part, PartKind},
    },
    failure::Failure,
    ids::MessageId,
};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum GenerationEvent {
    /// Everything so far; replaces what the client holds.
    GenerationSnapshot {
        status: Status,
        parts: Vec<Part>,
    },
    GenerationStarted {
        model: String,
        at: DateTime<Utc>,
    },
    /// A new run from the beginning, after a worker was lost: what came before is void.
    GenerationRestarted {
        epoch: i32,
        at: DateTime<Utc>,
    },
    PartStarted {
        part_id: String,
        kind: PartKind,
    },
    TextDelta {
        part_id: String,
        offset: i64,
        text: String,
    },
    ReasoningDelta {
        part_id: String,
        offset: i64,
        text: String,
    },
    ToolInputDelta {
        part_id: String,
        offset: i64,
        text: String,
    },
    PartFinished {
        part_id: String,
    },
    ToolCallReady {
        part_id: String,
        call_id: String,
        name: String,
        arguments: Value,
    },
    ToolResultReady {
        part_id: String,
        call_id: String,
        result: Value,
    },
    CitationAdded {
        part_id: String,
        title: String,
        url: Option<String>,
        quote: Option<String>,
    },
    FileAdded {
        part_id: String,
        name: String,
        media_type: String,
        url: String,
    },
    DataAdded {
        part_id: String,
        data: Value,
    },
    UsageUpdated {
        usage: Usage,
    },
    GenerationCompleted {
        message_id: Option<MessageId>,
        finish_reason: Option<String>,
        usage: Usage,
    },
    GenerationAborted {
        message_id: Option<MessageId>,
        reason: String,
    },
    GenerationFailed {
        message_id: Option<MessageId>,
        error: Failure,
    },
}

impl GenerationEvent {
    /// Whether it is one of the three that end a generation.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        matches!(
            self,
            Self::GenerationCompleted { .. } | Self::GenerationAborted { .. } | Self::GenerationFailed { .. }
        )
    }
}
