//! A version of a flow: its steps and their links.

use async_graphql::{Context, Enum, ID, Json, Object, SimpleObject};
use chrono::{DateTime, Utc};
use serde_json::Value;
use triptych_entities::relational::automation::{flow_version, step, step_link};
use triptych_services::{automation::flows::RetryPolicy as Policy, error};

use super::{
    Flow,
    loader::{load_flow, load_graph},
};
use crate::{
    automation::{credentials::Credential, integrations::Integration},
    context::ContextExt as _,
    errors::{ApiError, Result},
};

/// What role a step plays.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
#[graphql(remote = "step::Kind")]
pub enum StepKind {
    /// Starts executions; a flow has one.
    Trigger,
    /// Does something.
    Action,
    /// Lets the execution pass, or ends its path.
    Filter,
    /// Chooses among its links.
    Branch,
    /// Runs other steps once an item.
    Loop,
    /// Waits for a time.
    Delay,
    /// Waits for a person.
    Approval,
    /// Asks a model.
    Ai,
    /// Answers the caller of a synchronous webhook.
    Respond,
}

/// When a link is followed.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
#[graphql(remote = "step_link::Kind")]
pub enum StepLinkKind {
    /// After success.
    Next,
    /// After a branch step, if its condition is the first that holds.
    Branch,
    /// After failure, in place of failing the execution.
    Error,
    /// Into the body of a loop.
    LoopBody,
}

pub struct FlowVersion(pub(crate) flow_version::Model);

/// A version of a flow. It never changes; editing a draft makes a new one.
#[Object]
impl FlowVersion {
    /// `version_…`
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Counts up from 1 within the flow.
    async fn number(&self) -> i32 {
        self.0.number
    }

    /// The flow that it is a version of.
    async fn flow(&self, ctx: &Context<'_>) -> Result<Flow> {
        load_flow(ctx, self.0.flow_id).await
    }

    /// Its steps, in the order that they were given in.
    async fn steps(&self, ctx: &Context<'_>) -> Result<Vec<Step>> {
        Ok(load_graph(ctx, self.0.id).await?.steps.iter().cloned().map(Step).collect())
    }

    /// The links between its steps; those that follow from the steps' order included.
    async fn links(&self, ctx: &Context<'_>) -> Result<Vec<StepLink>> {
        let graph = load_graph(ctx, self.0.id).await?;
        let step = |id| graph.step(id).cloned().map(Step).ok_or_else(|| ApiError::not_found("step"));
        graph
            .links
            .iter()
            .map(|link| {
                Ok(StepLink {
                    from: step(link.from_step_id)?,
                    to: step(link.to_step_id)?,
                    kind: link.kind.into(),
                    condition: link.condition.clone(),
                })
            })
            .collect()
    }

    /// What keeps it from being published. Empty for a version that could run.
    async fn problems(&self, ctx: &Context<'_>) -> Result<Vec<Problem>> {
        let graph = load_graph(ctx, self.0.id).await?;
        Ok(ctx.services().flows.problems(&graph)?.into_iter().map(Into::into).collect())
    }

    /// When it was published; null for a draft.
    async fn published_at(&self) -> Option<DateTime<Utc>> {
        self.0.published_at
    }
}

/// Something wrong with a flow.
#[derive(SimpleObject)]
pub struct Problem {
    /// Where: `steps.2.parameters.url`.
    pub path: String,
    /// What, and what to do.
    pub message: String,
}

impl From<error::Problem> for Problem {
    fn from(problem: error::Problem) -> Self {
        Self { path: problem.path, message: problem.message }
    }
}

#[derive(Clone)]
pub struct Step(pub(crate) step::Model);

/// A step: one operation of one integration, with its parameters.
#[Object]
impl Step {
    /// `step_…`
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Unique in the flow; templates refer to it.
    async fn key(&self) -> &str {
        &self.0.key
    }

    /// Its name, for people; the key when none was given.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What role it plays.
    async fn kind(&self) -> StepKind {
        self.0.kind.into()
    }

    /// The integration that it uses.
    fn integration(&self, ctx: &Context<'_>) -> Result<Integration> {
        let catalog = ctx.services().flows.catalog();
        Ok(Integration(
            catalog
                .integration(&self.0.integration)
                .cloned()
                .ok_or_else(|| ApiError::not_found("integration"))?,
        ))
    }

    /// The key of the operation.
    async fn operation(&self) -> &str {
        &self.0.operation
    }

    /// As they were written, templates and all.
    async fn parameters(&self) -> Json<&Value> {
        Json(&self.0.parameters)
    }

    /// The credential that it uses; null for none, and for those who may not see credentials.
    async fn credential(&self, ctx: &Context<'_>) -> Result<Option<Credential>> {
        let Some(id) = self.0.credential_id else { return Ok(None) };
        Ok(ctx.load(id).await?.map(Into::into))
    }

    /// How it is tried again; null: three attempts, starting half a second apart.
    fn retry(&self) -> Result<Option<RetryPolicy>> {
        Ok(Policy::stored(&self.0)?.map(Into::into))
    }

    /// How long one attempt may take; null: the integration's own limit.
    async fn timeout_seconds(&self) -> Option<i32> {
        self.0.timeout_seconds
    }
}

/// How often and when a step that failed is tried again, if the failure may pass.
#[derive(SimpleObject)]
pub struct RetryPolicy {
    /// Attempts in all, the first included.
    pub max_attempts: i32,
    /// Milliseconds before the second attempt, give or take a quarter.
    pub initial_delay_ms: i32,
    /// No wait is longer than this, give or take a quarter.
    pub max_delay_ms: i32,
    /// Each wait is this many times the one before.
    pub multiplier: f64,
}

impl From<Policy> for RetryPolicy {
    fn from(policy: Policy) -> Self {
        Self {
            max_attempts: policy.max_attempts,
            initial_delay_ms: policy.initial_delay_ms,
            max_delay_ms: policy.max_delay_ms,
            multiplier: policy.multiplier,
        }
    }
}

/// A link between two steps.
#[derive(SimpleObject)]
pub struct StepLink {
    /// Where it begins.
    pub from: Step,
    /// Where it leads.
    pub to: Step,
    /// When it is followed.
    pub kind: StepLinkKind,
    /// For a branch: the expression that must hold; null means "otherwise".
    pub condition: Option<String>,
}
