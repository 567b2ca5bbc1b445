//! The events of an execution, in the order in which the API lists them.

use chrono::{DateTime, Utc};

use super::{EventRole, LiveEvent, step_output::StepOutput};
use crate::{
    failure::Failure,
    ids::{ExecutionStepId, GenerationId, StepId},
    relational::automation::{execution, execution_log, execution_step},
};

/// Passes the list of the events of an execution to a macro.
#[macro_export]
macro_rules! execution_events {
    ($expand:ident) => {
        $expand! {
            /// An event of an execution. `ExecutionFinished` is always the last.
            pub enum ExecutionEvent {
                /// The execution started.
                ExecutionStarted {
                    /// When the execution started.
                    at: DateTime<Utc>,
                },
                /// A worker started an attempt of a step.
                StepStarted {
                    /// `step_…`
                    step_id: StepId,
                    /// The key of the step.
                    step_key: String,
                    /// `execstep_…`
                    execution_step_id: ExecutionStepId,
                    /// The number of the attempt, counted from 1.
                    attempt: i32,
                    /// When the attempt started.
                    at: DateTime<Utc>,
                },
                /// An attempt of a step failed and will be retried.
                StepRetrying {
                    /// The key of the step.
                    step_key: String,
                    /// `execstep_…`
                    execution_step_id: ExecutionStepId,
                    /// The number of the attempt that failed.
                    attempt: i32,
                    /// Milliseconds until the next attempt.
                    delay_ms: i64,
                    /// Why the attempt failed.
                    error: Failure,
                    /// When the attempt failed.
                    at: DateTime<Utc>,
                },
                /// A step wrote a log line.
                StepLogged {
                    /// The key of the step.
                    step_key: String,
                    /// `execstep_…`
                    execution_step_id: ExecutionStepId,
                    /// The severity of the line.
                    level: execution_log::Level,
                    /// The text of the line.
                    message: String,
                    /// When the line was written.
                    at: DateTime<Utc>,
                },
                /// A step succeeded or failed.
                StepFinished {
                    /// The key of the step.
                    step_key: String,
                    /// `execstep_…`
                    execution_step_id: ExecutionStepId,
                    /// The final status of the step.
                    status: execution_step::Status,
                    /// The output of the step; null if it failed. A large one is read from the history when it is selected.
                    output: StepOutput,
                    /// Why the step failed; null if it succeeded.
                    error: Option<Failure>,
                    /// The generation that an AI step started; null for other steps.
                    generation_id: Option<GenerationId>,
                    /// When the step finished.
                    at: DateTime<Utc>,
                },
                /// A step was skipped, because no path leads to it.
                StepSkipped {
                    /// The key of the step.
                    step_key: String,
                    /// `execstep_…`
                    execution_step_id: ExecutionStepId,
                    /// Why the step is skipped.
                    reason: String,
                    /// When the step was skipped.
                    at: DateTime<Utc>,
                },
                /// A step waits for a time or a user.
                ExecutionWaiting {
                    /// The key of the step.
                    step_key: String,
                    /// When the step resumes; null if it waits for a user.
                    until: Option<DateTime<Utc>>,
                    /// When the step began to wait.
                    at: DateTime<Utc>,
                },
                /// The execution reached its final status.
                ExecutionFinished {
                    /// The final status of the execution.
                    status: execution::Status,
                    /// Why the execution failed; null if it did not.
                    error: Option<Failure>,
                    /// When the execution finished.
                    at: DateTime<Utc>,
                },
            }
        }
    };
}

execution_events!(event_payload);

impl LiveEvent for ExecutionEvent {
    fn role(&self) -> EventRole {
        match self {
            Self::ExecutionStarted { .. } => EventRole::Resets,
            Self::ExecutionFinished { .. } => EventRole::Ends,
            _ => EventRole::Continues,
        }
    }
}

/// Serializes an enum as its column stores it, so that Redis and PostgreSQL contain the same text.
macro_rules! as_column_value {
    ($($type:ty),+ $(,)?) => {$(
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&sea_orm::ActiveEnum::to_value(self))
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                sea_orm::ActiveEnum::try_from_value(&text).map_err(serde::de::Error::custom)
            }
        }
    )+};
}

as_column_value!(execution::Status, execution_step::Status, execution_log::Level);
