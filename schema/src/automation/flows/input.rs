//! The inputs of flows.

use async_graphql::{Enum, ID, InputObject, Json};
use serde_json::{Value, json};
use triptych_services::{
    automation::flows::{self, GraphSpec, LinkSpec, RetryPolicy, StepSpec},
    error::Invalid,
};

use super::{FlowStatus, StepKind, StepLinkKind};
use crate::context::parse_id_opt;

/// What a list of flows is narrowed to. All that is given must hold.
#[derive(InputObject, Default)]
pub struct FlowFilter {
    /// Part of the name, in any case.
    pub search: Option<String>,
    /// Whether the triggers are listened to.
    pub status: Option<FlowStatus>,
    /// The key of an integration that the draft uses.
    pub integration: Option<String>,
    /// Whose flows.
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

/// What to sort flows by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "flows::FlowSort")]
pub enum FlowOrderField {
    /// When they were made.
    CreatedAt,
    /// When they were last changed.
    UpdatedAt,
    /// Their names, whatever the case.
    Name,
}

/// Which end of a list comes first.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum OrderDirection {
    /// The smallest or oldest first.
    Asc,
    /// The largest or newest first.
    Desc,
}

/// How to sort flows. Without it: the newest first.
#[derive(InputObject)]
pub struct FlowOrder {
    /// What to sort by.
    pub field: FlowOrderField,
    /// Which end comes first.
    #[graphql(default_with = "OrderDirection::Desc")]
    pub direction: OrderDirection,
}

impl From<FlowOrder> for flows::FlowOrder {
    fn from(order: FlowOrder) -> Self {
        Self { by: order.field.into(), descending: order.direction == OrderDirection::Desc }
    }
}

/// A step, as its author writes it.
#[derive(InputObject)]
pub struct StepInput {
    /// Unique in the flow; templates refer to it. A letter, then up to 63 letters, digits or underscores.
    pub key: String,
    /// A name for people. Absent: the key.
    pub name: Option<String>,
    /// Follows from the operation when absent.
    pub kind: Option<StepKind>,
    /// The key of the integration.
    pub integration: String,
    /// The key of the operation.
    pub operation: String,
    /// What the operation asks for; strings may hold templates such as `{{ trigger.body.name }}`.
    pub parameters: Option<Json<Value>>,
    /// A credential of the same integration.
    pub credential_id: Option<ID>,
    /// How to try again. Absent: three attempts, starting half a second apart.
    pub retry: Option<RetryPolicyInput>,
    /// How long one attempt may take, 1 to 3600. Absent: the integration's own limit.
    pub timeout_seconds: Option<i32>,
}

/// How often and when to try a failed step again, if the failure may pass.
#[derive(InputObject)]
pub struct RetryPolicyInput {
    /// Attempts in all, the first included: 1 to 50.
    #[graphql(default = 3)]
    pub max_attempts: i32,
    /// Milliseconds before the second attempt, give or take a quarter.
    #[graphql(default = 500)]
    pub initial_delay_ms: i32,
    /// No wait is longer than this, give or take a quarter.
    #[graphql(default = 60000)]
    pub max_delay_ms: i32,
    /// Each wait is this many times the one before: 1 to 10.
    #[graphql(default = 2.0)]
    pub multiplier: f64,
}

/// A link between two steps, by their keys.
#[derive(InputObject)]
pub struct StepLinkInput {
    /// Where it begins.
    pub from: String,
    /// Where it leads.
    pub to: String,
    /// When it is followed. Absent: BRANCH when there is a condition, else NEXT.
    pub kind: Option<StepLinkKind>,
    /// For a branch: an expression such as `trigger.body.n > 3`. Absent: otherwise.
    pub condition: Option<String>,
}

/// Makes a graph of steps and links.
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

/// A flow to be, with its whole draft.
#[derive(InputObject)]
pub struct CreateFlowInput {
    /// 1 to 200 characters.
    pub name: String,
    /// The caller's own id for this call: the same value makes the flow once.
    pub client_id: Option<String>,
    /// The steps; the first is usually the trigger.
    pub steps: Option<Vec<StepInput>>,
    /// The links. None at all: the steps run in the order given.
    pub links: Option<Vec<StepLinkInput>>,
}

/// A change of a draft. What is absent stays as it is.
#[derive(InputObject)]
pub struct UpdateFlowDraftInput {
    /// The flow.
    pub flow_id: ID,
    /// A new name.
    pub name: Option<String>,
    /// All the draft's steps from now on.
    pub steps: Option<Vec<StepInput>>,
    /// All the draft's links from now on. Looked at only together with steps.
    pub links: Option<Vec<StepLinkInput>>,
}

/// A flow to be published.
#[derive(InputObject)]
pub struct PublishFlowInput {
    /// The flow.
    pub flow_id: ID,
}

/// A flow to be paused.
#[derive(InputObject)]
pub struct PauseFlowInput {
    /// The flow.
    pub flow_id: ID,
}

/// A flow to be copied.
#[derive(InputObject)]
pub struct DuplicateFlowInput {
    /// The flow.
    pub flow_id: ID,
    /// The copy's name. Absent: the flow's, with "(copy)".
    pub name: Option<String>,
    /// The caller's own id for this call: the same value makes the copy once.
    pub client_id: Option<String>,
}

/// A flow to be deleted.
#[derive(InputObject)]
pub struct DeleteFlowInput {
    /// The flow.
    pub flow_id: ID,
}
