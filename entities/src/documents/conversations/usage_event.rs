//! What one call of a model used. Written once a generation, never changed: sums are aggregations.

use bson::DateTime;
use serde::{Deserialize, Serialize};

use super::generation::Usage;
use crate::ids::{
    ExecutionId, ExecutionStepId, FlowId, GenerationId, OrganizationId, ThreadId, UsageEventId, UserId,
};

/// The collection's name.
pub const COLLECTION: &str = "usage_events";

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UsageEvent {
    #[serde(rename = "_id")]
    pub id: UsageEventId,
    pub organization_id: OrganizationId,
    pub user_id: UserId,
    pub generation_id: GenerationId,
    /// The run of the generation that made the call.
    pub epoch: i32,
    pub model: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<ThreadId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow_id: Option<FlowId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_id: Option<ExecutionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_step_id: Option<ExecutionStepId>,
    #[serde(flatten)]
    pub usage: Usage,
    pub created_at: DateTime,
}
