//! What happens in an execution, as it happens.

use async_graphql::{ID, Json, SimpleObject, Union};
use chrono::{DateTime, Utc};
use serde_json::Value;
use triptych_entities::payloads::execution_event as payload;
use triptych_services::automation::executions;

use super::{ExecutionError, ExecutionStatus, ExecutionStepStatus, step::LogLevel};

/// An event and its place.
#[derive(SimpleObject)]
pub struct ExecutionEnvelope {
    /// `exec_…`
    pub execution_id: ID,
    /// Counts up by one with each event. What is told again from the history carries the number of the event
    /// before it.
    pub seq: i32,
    /// Give it as `after` to go on from here.
    pub cursor: String,
    /// What happened.
    pub event: ExecutionEvent,
}

impl From<executions::Envelope> for ExecutionEnvelope {
    fn from(envelope: executions::Envelope) -> Self {
        Self {
            execution_id: envelope.execution_id.to_string().into(),
            seq: i32::try_from(envelope.position.seq).unwrap_or(i32::MAX),
            cursor: envelope.position.to_string(),
            event: envelope.event.into(),
        }
    }
}

/// Something that happened. `ExecutionFinished` is always the last.
#[derive(Union)]
pub enum ExecutionEvent {
    ExecutionStarted(ExecutionStarted),
    StepStarted(StepStarted),
    StepRetrying(StepRetrying),
    StepLogged(StepLogged),
    StepFinished(StepFinished),
    StepSkipped(StepSkipped),
    ExecutionWaiting(ExecutionWaiting),
    ExecutionFinished(ExecutionFinished),
}

/// The execution has begun.
#[derive(SimpleObject)]
pub struct ExecutionStarted {
    /// When.
    pub at: DateTime<Utc>,
}

/// A worker has taken a step.
#[derive(SimpleObject)]
pub struct StepStarted {
    /// `step_…`
    pub step_id: ID,
    /// The step's key in the flow.
    pub step_key: String,
    /// `execstep_…`
    pub execution_step_id: ID,
    /// Counts up from 1.
    pub attempt: i32,
    /// When.
    pub at: DateTime<Utc>,
}

/// An attempt failed; another will follow.
#[derive(SimpleObject)]
pub struct StepRetrying {
    /// The step's key in the flow.
    pub step_key: String,
    /// `execstep_…`
    pub execution_step_id: ID,
    /// The attempt that failed.
    pub attempt: i32,
    /// Milliseconds until the next attempt.
    pub delay_ms: i32,
    /// Why it failed.
    pub error: ExecutionError,
    /// When.
    pub at: DateTime<Utc>,
}

/// A step logged a line.
#[derive(SimpleObject)]
pub struct StepLogged {
    /// The step's key in the flow.
    pub step_key: String,
    /// `execstep_…`
    pub execution_step_id: ID,
    /// How much it matters.
    pub level: LogLevel,
    /// What it says.
    pub message: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// A step has ended.
#[derive(SimpleObject)]
pub struct StepFinished {
    /// The step's key in the flow.
    pub step_key: String,
    /// `execstep_…`
    pub execution_step_id: ID,
    /// How it ended.
    pub status: ExecutionStepStatus,
    /// What came out.
    pub output: Option<Json<Value>>,
    /// Why it failed, if it did.
    pub error: Option<ExecutionError>,
    /// The AI response behind it.
    pub generation_id: Option<ID>,
    /// When.
    pub at: DateTime<Utc>,
}

/// No path leads to a step any more.
#[derive(SimpleObject)]
pub struct StepSkipped {
    /// The step's key in the flow.
    pub step_key: String,
    /// `execstep_…`
    pub execution_step_id: ID,
    /// Why.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// A step waits.
#[derive(SimpleObject)]
pub struct ExecutionWaiting {
    /// The step's key in the flow.
    pub step_key: String,
    /// Until when; null when it waits for a person.
    pub until: Option<DateTime<Utc>>,
    /// When it began to wait.
    pub at: DateTime<Utc>,
}

/// The execution has ended.
#[derive(SimpleObject)]
pub struct ExecutionFinished {
    /// How it ended.
    pub status: ExecutionStatus,
    /// Why it failed, if it did.
    pub error: Option<ExecutionError>,
    /// When.
    pub at: DateTime<Utc>,
}

impl From<payload::ExecutionEvent> for ExecutionEvent {
    fn from(event: payload::ExecutionEvent) -> Self {
        use payload::ExecutionEvent as Event;
        match event {
            Event::ExecutionStarted { at } => Self::ExecutionStarted(ExecutionStarted { at }),
            Event::StepStarted { step_id, step_key, execution_step_id, attempt, at } => {
                Self::StepStarted(StepStarted {
                    step_id: step_id.to_string().into(),
                    step_key,
                    execution_step_id: execution_step_id.to_string().into(),
                    attempt,
                    at,
                })
            }
            Event::StepRetrying { step_key, execution_step_id, attempt, delay_ms, error, at } => {
                Self::StepRetrying(StepRetrying {
                    step_key,
                    execution_step_id: execution_step_id.to_string().into(),
                    attempt,
                    delay_ms: i32::try_from(delay_ms).unwrap_or(i32::MAX),
                    error: error.into(),
                    at,
                })
            }
            Event::StepLogged { step_key, execution_step_id, level, message, at } => {
                Self::StepLogged(StepLogged {
                    step_key,
                    execution_step_id: execution_step_id.to_string().into(),
                    level: level.into(),
                    message,
                    at,
                })
            }
            Event::StepFinished { step_key, execution_step_id, status, output, error, generation_id, at } => {
                Self::StepFinished(StepFinished {
                    step_key,
                    execution_step_id: execution_step_id.to_string().into(),
                    status: status.into(),
                    output: output.map(Json),
                    error: error.map(Into::into),
                    generation_id: generation_id.map(|id| id.to_string().into()),
                    at,
                })
            }
            Event::StepSkipped { step_key, execution_step_id, reason, at } => {
                Self::StepSkipped(StepSkipped {
                    step_key,
                    execution_step_id: execution_step_id.to_string().into(),
                    reason,
                    at,
                })
            }
            Event::ExecutionWaiting { step_key, until, at } => {
                Self::ExecutionWaiting(ExecutionWaiting { step_key, until, at })
            }
            Event::ExecutionFinished { status, error, at } => Self::ExecutionFinished(ExecutionFinished {
                status: status.into(),
                error: error.map(Into::into),
                at,
            }),
        }
    }
}
