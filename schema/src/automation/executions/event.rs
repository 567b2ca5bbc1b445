//! The events of an execution in the API. Their list is in `triptych_entities::payloads::execution_event`.

#![expect(dead_code, reason = "`SimpleObject` makes an accessor for each field")]

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use triptych_entities::{
    execution_events,
    failure::Failure,
    ids::{ExecutionId, ExecutionStepId, GenerationId, StepId},
    payloads::{execution_event as payload, step_output::StepOutput},
    relational::automation::{execution, execution_log, execution_step},
};
use triptych_services::automation::executions;

use super::{
    ExecutionError, ExecutionStatus, ExecutionStepStatus, event_output::EventOutput, step::LogLevel,
};
use crate::{
    feed::{event_fields, event_union, int},
    output::Id,
};

execution_events!(event_union);

event_fields! { ExecutionEvent:
    Failure => ExecutionError,
    StepOutput => EventOutput,
    execution::Status => ExecutionStatus,
    execution_log::Level => LogLevel,
    execution_step::Status => ExecutionStepStatus,
}

/// An event of an execution with its position.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct ExecutionEnvelope {
    /// `exec_…`
    pub execution_id: Id<ExecutionId>,
    /// The number of the event, counted from 1. An event that is recovered from the history has the number of the
    /// event before it.
    pub seq: i32,
    /// Pass it as `after` to continue after this event.
    pub cursor: String,
    /// The event.
    pub event: ExecutionEvent,
}

impl From<executions::Envelope> for ExecutionEnvelope {
    fn from(envelope: executions::Envelope) -> Self {
        Self {
            execution_id: Id(envelope.subject),
            seq: int(envelope.cursor.position.seq),
            cursor: envelope.cursor.to_string(),
            event: envelope.event.into(),
        }
    }
}
