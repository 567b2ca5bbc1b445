//! An execution.

use async_graphql::{Context, Enum, ID, Json, Object, SimpleObject};
use chrono::{DateTime, Utc};
use serde_json::Value;
use triptych_entities::{failure::Failure, relational::automation::execution};
use triptych_services::page::{KeyKind, Window, slice};

use super::{
    ExecutionStep,
    loader::{StepsOf, TriggerOf},
};
use crate::{
    automation::flows::{Flow, FlowVersion, load_flow, load_version},
    connection::{Connection, page_args},
    context::ContextExt as _,
    conversations::generations::{UsageSummary, usage_of},
    errors::Result,
};

/// How far an execution is. The last three are final.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
#[graphql(remote = "execution::Status")]
pub enum ExecutionStatus {
    /// Accepted, not begun.
    Queued,
    /// Steps are being run.
    Running,
    /// Everything waits for a time or a person.
    Waiting,
    /// All paths came to their end.
    Succeeded,
    /// A step failed and nothing handled it.
    Failed,
    /// Somebody stopped it.
    Canceled,
}

/// What started an execution.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
#[graphql(remote = "execution::Source")]
pub enum ExecutionSource {
    /// A request to the flow's webhook.
    Webhook,
    /// The flow's schedule.
    Schedule,
    /// A person or a program, through the API.
    Manual,
}

/// Why a step or an execution failed.
#[derive(SimpleObject)]
pub struct ExecutionError {
    /// For programs, such as `TIMEOUT`.
    pub code: String,
    /// For people.
    pub message: String,
}

impl From<Failure> for ExecutionError {
    fn from(failure: Failure) -> Self {
        Self { code: failure.code, message: failure.message }
    }
}

pub struct Execution(pub(crate) execution::Model);

/// One run of a version of a flow.
#[Object]
impl Execution {
    /// `exec_…`
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The flow that ran.
    async fn flow(&self, ctx: &Context<'_>) -> Result<Flow> {
        load_flow(ctx, self.0.flow_id).await
    }

    /// The version that ran.
    async fn version(&self, ctx: &Context<'_>) -> Result<FlowVersion> {
        load_version(ctx, self.0.version_id).await
    }

    /// How far it is.
    async fn status(&self) -> ExecutionStatus {
        self.0.status.into()
    }

    /// What started it.
    async fn source(&self) -> ExecutionSource {
        self.0.source.into()
    }

    /// The data that started it; `trigger` in templates.
    async fn trigger(&self, ctx: &Context<'_>) -> Result<Option<Json<Value>>> {
        Ok(ctx.load(TriggerOf(self.0.id)).await?.map(Json))
    }

    /// Its steps so far, in the order in which they came about; the trigger is the first.
    async fn steps(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the front; 20 unless told, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the back.")] last: Option<i32>,
        #[graphql(desc = "Go back before this cursor.")] before: Option<String>,
    ) -> Result<Connection<ExecutionStep>> {
        let window = Window::parse(&page_args(first, after, last, before), "steps", &[KeyKind::Id])?;
        let steps = ctx.load(StepsOf(self.0.id)).await?.unwrap_or_default();
        let page = slice(steps, &window, |row| row.id.into());
        Ok(Connection::of(page, ExecutionStep))
    }

    /// Why it failed; null unless it did.
    async fn error(&self) -> Option<ExecutionError> {
        self.0.failure().map(Into::into)
    }

    /// What its AI steps used.
    async fn usage(&self, ctx: &Context<'_>) -> Result<UsageSummary> {
        usage_of(ctx, self.0.id, None, None).await
    }

    /// The trace that its steps are part of: 32 hexadecimal digits.
    async fn trace_id(&self) -> Option<&str> {
        self.0.trace_id.as_deref()
    }

    /// Whether it was run to try something out.
    async fn test(&self) -> bool {
        self.0.test
    }

    /// When it was accepted.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it began.
    async fn started_at(&self) -> Option<DateTime<Utc>> {
        self.0.started_at
    }

    /// When it ended.
    async fn finished_at(&self) -> Option<DateTime<Utc>> {
        self.0.finished_at
    }
}
