//! A version of a flow: its steps and their links.

use std::sync::Arc;

use async_graphql::{Context, Enum, Json, Object, SimpleObject};
use chrono::{DateTime, Utc};
use serde_json::Value;
use triptych_entities::{
    ids::{FlowVersionId, StepId},
    relational::automation::{flow_version, step, step_link},
};
use triptych_services::{
    automation::flows::{Graph, RetryPolicy as Policy},
    error,
};

use super::{Flow, loader::load_graph};
use crate::{
    automation::{credentials::Credential, integrations::Integration},
    context::ContextExt as _,
    errors::{ApiError, Result},
    node::{load, load_opt},
    output::{Id, Items},
    selection::Columnar,
};

/// The kind of a step.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
#[graphql(remote = "step::Kind")]
pub enum StepKind {
    /// Starts executions. A flow has one trigger.
    Trigger,
    /// Performs an operation.
    Action,
    /// Continues or ends its path, depending on a condition.
    Filter,
    /// Selects one of its links.
    Branch,
    /// Runs other steps for each item.
    Loop,
    /// Waits until a time.
    Delay,
    /// Waits for a user.
    Approval,
    /// Requests a response of a model.
    Ai,
    /// Responds to the caller of a synchronous webhook.
    Respond,
}

/// When a link is followed.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
#[graphql(remote = "step_link::Kind")]
pub enum StepLinkKind {
    /// After the step succeeds.
    Next,
    /// After a branch step, if the condition is the first that holds.
    Branch,
    /// After the step fails, instead of failing the execution.
    Error,
    /// From a loop to its body.
    LoopBody,
}

pub struct FlowVersion(pub(crate) flow_version::Model);

impl Columnar for FlowVersion {
    type Row = flow_version::Model;
    const READS: &'static [(&'static str, &'static [&'static str])] =
        &[("flow", &["flow_id"]), ("steps", &["id"]), ("links", &["id"]), ("problems", &["id"])];
}

/// A version of a flow. Versions are immutable; editing a draft creates a new version.
#[Object(crate = "crate::output")]
impl FlowVersion {
    /// `version_…`
    fn id(&self) -> Id<FlowVersionId> {
        Id(self.0.id)
    }

    /// The number of the version within the flow, counted from 1.
    fn number(&self) -> i32 {
        self.0.number
    }

    /// The flow of the version.
    async fn flow(&self, ctx: &Context<'_>) -> Result<Flow> {
        load(ctx, self.0.flow_id).await
    }

    /// The steps, in the order of the input.
    async fn steps(&self, ctx: &Context<'_>) -> Result<Items<Step>> {
        let graph = load_graph(ctx, self.0.id).await?;
        Ok((0..graph.steps.len()).map(|index| Step { graph: Arc::clone(&graph), index }).collect())
    }

    /// The links between the steps, including those implied by the order of the steps.
    async fn links(&self, ctx: &Context<'_>) -> Result<Items<StepLink>> {
        let graph = load_graph(ctx, self.0.id).await?;
        (0..graph.links.len()).map(|index| StepLink::new(&graph, index)).collect()
    }

    /// The problems that prevent publishing; empty for a valid version.
    async fn problems(&self, ctx: &Context<'_>) -> Result<Items<Problem>> {
        let graph = load_graph(ctx, self.0.id).await?;
        Ok(ctx.services().flows.problems(&graph)?.into_iter().map(Into::into).collect())
    }

    /// When it was published; null for a draft.
    fn published_at(&self) -> Option<DateTime<Utc>> {
        self.0.published_at
    }
}

/// A problem of a flow.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct Problem {
    /// The path of the problem, such as `steps.2.parameters.url`.
    pub path: String,
    /// The description of the problem.
    pub message: String,
}

impl From<error::Problem> for Problem {
    fn from(problem: error::Problem) -> Self {
        Self { path: problem.path, message: problem.message }
    }
}

/// A step of a graph. Graphs are cached and shared, so the model of the step is not cloned.
#[derive(Clone)]
pub struct Step {
    graph: Arc<Graph>,
    index: usize,
}

impl Step {
    pub(crate) fn model(&self) -> &step::Model {
        &self.graph.steps[self.index]
    }
}

/// A step without the others of its graph.
impl From<step::Model> for Step {
    fn from(step: step::Model) -> Self {
        Self { graph: Arc::new(Graph { steps: vec![step], links: Vec::new() }), index: 0 }
    }
}

/// A step: an operation of an integration, with its parameters.
#[Object(crate = "crate::output")]
impl Step {
    /// `step_…`
    fn id(&self) -> Id<StepId> {
        Id(self.model().id)
    }

    /// Unique in the flow; templates refer to it.
    fn key(&self) -> &str {
        &self.model().key
    }

    /// The display name; the key if none was given.
    fn name(&self) -> &str {
        &self.model().name
    }

    /// The kind of the step.
    fn kind(&self) -> StepKind {
        self.model().kind.into()
    }

    /// The integration of the step.
    fn integration(&self, ctx: &Context<'_>) -> Result<Integration> {
        let catalog = ctx.services().flows.catalog();
        Ok(Integration(
            catalog
                .integration(&self.model().integration)
                .cloned()
                .ok_or_else(|| ApiError::not_found("integration"))?,
        ))
    }

    /// The key of the operation.
    fn operation(&self) -> &str {
        &self.model().operation
    }

    /// The parameters, with templates that are not evaluated.
    fn parameters(&self) -> Json<&Value> {
        Json(&self.model().parameters)
    }

    /// The credential of the step; null if there is none, or the caller may not read credentials.
    async fn credential(&self, ctx: &Context<'_>) -> Result<Option<Credential>> {
        load_opt(ctx, self.model().credential_id).await
    }

    /// The retry policy; null for the default of three attempts with an initial delay of 500 ms.
    fn retry(&self) -> Result<Option<RetryPolicy>> {
        Ok(Policy::stored(self.model())?.map(Into::into))
    }

    /// The time limit of one attempt in seconds; null for the limit of the integration.
    fn timeout_seconds(&self) -> Option<i32> {
        self.model().timeout_seconds
    }
}

/// The retry policy of a step, for failures that may be temporary.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct RetryPolicy {
    /// The total number of attempts.
    pub max_attempts: i32,
    /// The delay before the second attempt in milliseconds, varied randomly by up to 25%.
    pub initial_delay_ms: i32,
    /// The maximum delay in milliseconds, varied randomly by up to 25%.
    pub max_delay_ms: i32,
    /// The factor by which each delay grows.
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

/// A link of a graph, with the positions of its two steps.
pub struct StepLink {
    graph: Arc<Graph>,
    index: usize,
    from: usize,
    to: usize,
}

impl StepLink {
    fn new(graph: &Arc<Graph>, index: usize) -> Result<Self> {
        let position = |id| {
            let found = graph.steps.iter().position(|step| step.id == id);
            found.ok_or_else(|| ApiError::not_found("step"))
        };
        let link = &graph.links[index];
        let (from, to) = (position(link.from_step_id)?, position(link.to_step_id)?);
        Ok(Self { graph: Arc::clone(graph), index, from, to })
    }

    fn step(&self, index: usize) -> Step {
        Step { graph: Arc::clone(&self.graph), index }
    }
}

/// A link between two steps.
#[Object(crate = "crate::output")]
impl StepLink {
    /// The step where the link starts.
    fn from(&self) -> Step {
        self.step(self.from)
    }

    /// The step where the link ends.
    fn to(&self) -> Step {
        self.step(self.to)
    }

    /// When the link is followed.
    fn kind(&self) -> StepLinkKind {
        self.graph.links[self.index].kind.into()
    }

    /// The condition of a branch, as an expression; null if the link is followed when no other condition holds.
    fn condition(&self) -> Option<&str> {
        self.graph.links[self.index].condition.as_deref()
    }
}
