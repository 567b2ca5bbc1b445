//! The events of a generation in the API. Their list is in `triptych_entities::payloads::generation_event`.

#![expect(dead_code, reason = "`SimpleObject` makes an accessor for each field")]

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use serde_json::Value;
use triptych_entities::{
    documents::conversations::{generation, part},
    failure::Failure,
    generation_events,
    ids::{GenerationId, MessageId},
    payloads::generation_event as payload,
};
use triptych_services::conversations::generations;

use super::{
    MessagePart, Usage,
    object::{GenerationError, GenerationStatus},
    part::PartKind,
};
use crate::{
    feed::{event_fields, event_union, int},
    output::Id,
};

generation_events!(event_union);

event_fields! { GenerationEvent:
    Failure => GenerationError,
    part::Part => MessagePart,
    part::PartKind => PartKind,
    generation::Status => GenerationStatus,
    generation::Usage => Usage,
}

/// An event of a generation with its position.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct GenerationEnvelope {
    /// `gen_…`
    pub generation_id: Id<GenerationId>,
    /// The message with the response; null if a step of a flow requested it.
    pub message_id: Option<Id<MessageId>>,
    /// The number of the run, counted from 1. A lost run is repeated under the next number.
    pub epoch: i32,
    /// The number of the event within the run, counted from 1. After missing numbers a snapshot or a restart follows.
    pub seq: i32,
    /// Pass it as `after` to continue after this event.
    pub cursor: String,
    /// The event.
    pub event: GenerationEvent,
}

impl From<generations::Envelope> for GenerationEnvelope {
    fn from(envelope: generations::Envelope) -> Self {
        Self {
            generation_id: Id(envelope.subject.generation_id),
            message_id: envelope.subject.message_id.map(Id),
            epoch: int(envelope.cursor.position.epoch),
            seq: int(envelope.cursor.position.seq),
            cursor: envelope.cursor.to_string(),
            event: envelope.event.into(),
        }
    }
}
