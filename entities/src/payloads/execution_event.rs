//! What subscribers of an execution are told.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    failure::Failure,
    ids::{ExecutionStepId, GenerationId, StepId},
    relational::automation::{execution, execution_log, execution_step},
};

/// One transition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum ExecutionEvent {
    ExecutionStarted {
        at: DateTime<Utc>,
    },
    StepStarted {
        step_id: StepId,
        step_key: String,
        execution_step_id: ExecutionStepId,
        attempt: i32,
        at: DateTime<Utc>,
    },
    StepRetrying {
        step_key: String,
        execution_step_id: ExecutionStepId,
        /// The attempt that failed.
        attempt: i32,
        delay_ms: i64,
        error: Failure,
        at: DateTime<Utc>,
    },
    StepLogged {
        step_key: String,
        execution_step_id: ExecutionStepId,
        #[serde(with = "level")]
        level: execution_log::Level,
        message: String,
        at: DateTime<Utc>,
    },
    StepFinished {
        step_key: String,
        execution_step_id: ExecutionStepId,
        #[serde(with = "step_status")]
        status: execution_step::Status,
        output: Option<Value>,
        error: Option<Failure>,
        generation_id: Option<GenerationId>,
        at: DateTime<Utc>,
    },
    StepSkipped {
        step_key: String,
        execution_step_id: ExecutionStepId,
        reason: String,
        at: DateTime<Utc>,
    },
    ExecutionWaiting {
        step_key: String,
        until: Option<DateTime<Utc>>,
        at: DateTime<Utc>,
    },
    /// Always the last.
    ExecutionFinished {
        #[serde(with = "status")]
        status: execution::Status,
        error: Option<Failure>,
        at: DateTime<Utc>,
    },
}

impl ExecutionEvent {
    /// Whether nothing follows.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::ExecutionFinished { .. })
    }
}

/// Writes a status the way its column holds it, so that Redis and PostgreSQL spell it alike.
macro_rules! as_column_value {
    ($module:ident, $type:ty) => {
        mod $module {
            use sea_orm::ActiveEnum;
            use serde::{Deserialize, Deserializer, Serializer, de::Error};

            pub fn serialize<S: Serializer>(value: &$type, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&value.to_value())
            }

            pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
                let text = String::deserialize(deserializer)?;
                <$type>::try_from_value(&text).map_err(D::Error::custom)
            }
        }
    };
}

as_column_value!(status, crate::relational::automation::execution::Status);
as_column_value!(step_status, crate::relational::automation::execution_step::Status);
as_column_value!(level, crate::relational::automation::execution_log::Level);
