//! The usage of one model call. Written once per generation and immutable; sums are aggregations.

use bson::{DateTime, doc};
use serde::{Deserialize, Serialize};

use super::generation::Usage;
use crate::{
    access::Subject,
    documents::{
        collection::{Collection, Ownership},
        index::Index,
    },
    ids::{
        ExecutionId, ExecutionStepId, FlowId, GenerationId, OrganizationId, ThreadId, UsageEventId, UserId,
    },
};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UsageEvent {
    #[serde(rename = "_id")]
    pub id: UsageEventId,
    pub organization_id: OrganizationId,
    pub user_id: UserId,
    pub generation_id: GenerationId,
    /// The epoch of the run that made the call.
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

impl Collection for UsageEvent {
    const NAME: &'static str = "usage_events";
    const NOUN: &'static str = "usage event";
    const SUBJECT: Subject = Subject::Organization;
    const OWNERSHIP: Ownership<Self> = Ownership::Field("userId");

    type Id = UsageEventId;

    fn id(&self) -> UsageEventId {
        self.id
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::unique_where_present("call", doc! { "generationId": 1, "epoch": 1 }, "generationId"),
            Index::new("flow", doc! { "organizationId": 1, "flowId": 1, "createdAt": 1 }),
            Index::new("execution", doc! { "organizationId": 1, "executionId": 1 }),
            Index::new("thread", doc! { "organizationId": 1, "threadId": 1 }),
            Index::new("recent", doc! { "organizationId": 1, "createdAt": 1 }),
        ]
    }
}
