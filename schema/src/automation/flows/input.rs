//! The inputs of flows.

use async_graphql::{Enum, ID, InputObject, Json, MaybeUndefined};
use serde_json::{Value, json};
use triptych_services::{
    automation::flows::{self, GraphSpec, LinkSpec, RetryPolicy, StepSpec},
    error::Invalid,
};

use super::{FlowStatus, StepKind, StepLinkKind};
use crate::{context::parse_id_opt, order::OrderDirection};

/// A filter of flows. All given conditions must hold.
#[derive(InputObject, Default)]
pub struct FlowFilter {
    /// A part of the name, up to 200 characters; case-insensitive.
    pub search: Option<String>,
    /// The status of the flow.
    pub status: Option<FlowStatus>,
    /// The key of an integration that the draft uses.
    pub integration: Option<String>,
    /// The id of the owner.
    pub owner_id: Option<ID>,
}

impl FlowFilter {
    pub(crate) fn parse(self) -> Result<flows::FlowFilter, Invalid> {
        Ok(flows::FlowFilter {
            search: self.search,
            status: self.status.map(Into::into),
            integration: self.integration,
            owner: parse_id_opt("filter.ownerId", self.owner_id.as_ref())?,
        })
    }
}

/// The fields that flows can be sorted by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "flows::FlowSort")]
pub enum FlowOrderField {
    /// The time of creation.
    CreatedAt,
    /// The time of the last change.
    UpdatedAt,
    /// The name; case-insensitive.
    Name,
}

/// The order of flows. Default: newest first.
#[derive(InputObject)]
pub struct FlowOrder {
    /// The field to sort by.
    pub field: FlowOrderField,
    /// The direction.
    #[graphql(default_with = "OrderDirection::Desc")]
    pub direction: OrderDirection,
}

impl From<FlowOrder> for flows::FlowOrder {
    fn from(order: FlowOrder) -> Self {
        Self { by: order.field.into(), descending: order.direction == OrderDirection::Desc }
    }
}

/// Input of a step.
#[derive(InputObject)]
pub struct StepInput {
    /// Unique in the flow; templates refer to it. A letter, then up to 63 letters, digits or underscores.
    pub key: String,
    /// The display name. Default: the key.
    pub name: Option<String>,
    /// The kind of the step. Default: the kind of the operation.
    pub kind: Option<StepKind>,
    /// The key of the integration.
    pub integration: String,
    /// The key of the operation.
    pub operation: String,
    /// The parameters of the operation. Strings can contain templates such as `{{ trigger.body.name }}`.
    pub parameters: Option<Json<Value>>,
    /// The id of a credential of the same integration.
    pub credential_id: Option<ID>,
    /// The retry policy. Default: three attempts, with an initial delay of 500 ms.
    pub retry: Option<RetryPolicyInput>,
    /// The time limit of one attempt in seconds, 1 to 3600. Default: the limit of the integration.
    pub timeout_seconds: Option<i32>,
}

/// The retry policy of a step, for failures that may be temporary.
#[derive(InputObject)]
pub struct RetryPolicyInput {
    /// The total number of attempts, 1 to 50.
    #[graphql(default = 3)]
    pub max_attempts: i32,
    /// The delay before the second attempt in milliseconds, varied randomly by up to 25%.
    #[graphql(default = 500)]
    pub initial_delay_ms: i32,
    /// The maximum delay in milliseconds, varied randomly by up to 25%.
    #[graphql(default = 60000)]
    pub max_delay_ms: i32,
    /// The factor by which each delay grows, 1 to 10.
    #[graphql(default = 2.0)]
    pub multiplier: f64,
}

/// Input of a link between two steps.
#[derive(InputObject)]
pub struct StepLinkInput {
    /// The key of the step where the link starts.
    pub from: String,
    /// The key of the step where the link ends.
    pub to: String,
    /// When the link is followed. Default: `BRANCH` with a condition, otherwise `NEXT`.
    pub kind: Option<StepLinkKind>,
    /// The condition of a branch, such as `trigger.body.n > 3`. Without it, the link is followed when no other
    /// condition holds.
    pub condition: Option<String>,
}

/// Converts steps and links to a graph.
pub(super) fn graph(
    steps: Option<Vec<StepInput>>,
    links: Option<Vec<StepLinkInput>>,
) -> Result<GraphSpec, Invalid> {
    let steps = steps.unwrap_or_default().into_iter().enumerate().map(|(index, step)| {
        Ok(StepSpec {
            credential_id: parse_id_opt(&format!("steps.{index}.credentialId"), step.credential_id.as_ref())?,
            key: step.key,
            name: step.name,
            kind: step.kind.map(Into::into),
            integration: step.integration,
            operation: step.operation,
            parameters: step.parameters.map_or_else(|| json!({}), |parameters| parameters.0),
            retry: step.retry.map(|retry| RetryPolicy {
                max_attempts: retry.max_attempts,
                initial_delay_ms: retry.initial_delay_ms,
                max_delay_ms: retry.max_delay_ms,
                multiplier: retry.multiplier,
            }),
            timeout_seconds: step.timeout_seconds,
        })
    });
    let links = links.unwrap_or_default().into_iter().map(|link| LinkSpec {
        kind: link
            .kind
            .unwrap_or(if link.condition.is_some() { StepLinkKind::Branch } else { StepLinkKind::Next })
            .into(),
        from: link.from,
        to: link.to,
        condition: link.condition,
    });
    Ok(GraphSpec { steps: steps.collect::<Result<_, Invalid>>()?, links: links.collect() })
}

/// Input to create a flow with its draft.
#[derive(InputObject)]
pub struct CreateFlowInput {
    /// The name, 1 to 200 characters.
    pub name: String,
    /// Notes about the flow as Markdown, up to 10,000 characters.
    pub notes: Option<String>,
    /// An idempotency key: repeated calls with the same value create one flow.
    pub client_id: Option<String>,
    /// The steps; the first is usually the trigger.
    pub steps: Option<Vec<StepInput>>,
    /// The links. Default: the steps run in the given order.
    pub links: Option<Vec<StepLinkInput>>,
}

/// Input to update a draft. Absent fields do not change.
#[derive(InputObject)]
pub struct UpdateFlowDraftInput {
    /// The id of the flow.
    pub flow_id: ID,
    /// The new name.
    pub name: Option<String>,
    /// Notes about the flow as Markdown, up to 10,000 characters; null removes them.
    pub notes: MaybeUndefined<String>,
    /// The steps that replace those of the draft.
    pub steps: Option<Vec<StepInput>>,
    /// The links that replace those of the draft. Ignored without `steps`.
    pub links: Option<Vec<StepLinkInput>>,
}

/// Input to publish a flow.
#[derive(InputObject)]
pub struct PublishFlowInput {
    /// The id of the flow.
    pub flow_id: ID,
}

/// Input to pause a flow.
#[derive(InputObject)]
pub struct PauseFlowInput {
    /// The id of the flow.
    pub flow_id: ID,
}

/// Input to give the webhook of a flow another address.
#[derive(InputObject)]
pub struct RotateWebhookInput {
    /// The id of the flow.
    pub flow_id: ID,
}

/// Input to duplicate a flow.
#[derive(InputObject)]
pub struct DuplicateFlowInput {
    /// The id of the flow.
    pub flow_id: ID,
    /// The name of the copy. Default: the name of the flow with "(copy)".
    pub name: Option<String>,
    /// An idempotency key: repeated calls with the same value create one copy.
    pub client_id: Option<String>,
}

/// Input to delete a flow.
#[derive(InputObject)]
pub struct DeleteFlowInput {
    /// The id of the flow.
    pub flow_id: ID,
}
