//! An execution.

use async_graphql::{Context, Enum, Json, Object, SimpleObject};
use chrono::{DateTime, Utc};
use serde_json::Value;
use triptych_entities::{failure::Failure, ids::ExecutionId, relational::automation::execution};
use triptych_services::page::{KeyKind, Window, slice};

use super::{
    ExecutionStep,
    loader::{Steps, Triggers},
};
use crate::{
    automation::flows::{Flow, FlowVersion},
    connection::{Connection, page_args},
    context::ContextExt as _,
    conversations::generations::{UsageSummary, usage_of},
    errors::Result,
    node::load,
    output::Id,
    selection::{self, Columnar},
};

/// The status of an execution. The last three are final.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
#[graphql(remote = "execution::Status")]
pub enum ExecutionStatus {
    /// Created, not started.
    Queued,
    /// Steps are running.
    Running,
    /// All active paths wait for a time or a user.
    Waiting,
    /// All paths ended.
    Succeeded,
    /// A step failed without an error link.
    Failed,
    /// Canceled by a user.
    Canceled,
}

/// The trigger of an execution.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
#[graphql(remote = "execution::Source")]
pub enum ExecutionSource {
    /// A request to the webhook of the flow.
    Webhook,
    /// The schedule of the flow.
    Schedule,
    /// A request to the API.
    Manual,
}

/// The error of a step or an execution.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct ExecutionError {
    /// The error code, such as `TIMEOUT`.
    pub code: String,
    /// The error message.
    pub message: String,
}

impl From<Failure> for ExecutionError {
    fn from(failure: Failure) -> Self {
        Self { code: failure.code, message: failure.message }
    }
}

pub struct Execution(pub(crate) execution::Model);

impl Columnar for Execution {
    type Row = execution::Model;
    const READS: &'static [(&'static str, &'static [&'static str])] = &[
        ("flow", &["flow_id"]),
        ("version", &["version_id"]),
        ("trigger", &["id"]),
        ("steps", &["id"]),
        ("error", &["error_code", "error_message"]),
        ("usage", &["id"]),
    ];
}

/// One run of a version of a flow.
#[Object(crate = "crate::output")]
impl Execution {
    /// `exec_…`
    fn id(&self) -> Id<ExecutionId> {
        Id(self.0.id)
    }

    /// The flow.
    async fn flow(&self, ctx: &Context<'_>) -> Result<Flow> {
        load(ctx, self.0.flow_id).await
    }

    /// The version that is executed.
    async fn version(&self, ctx: &Context<'_>) -> Result<FlowVersion> {
        load(ctx, self.0.version_id).await
    }

    /// The status.
    fn status(&self) -> ExecutionStatus {
        self.0.status.into()
    }

    /// The trigger.
    fn source(&self) -> ExecutionSource {
        self.0.source.into()
    }

    /// The data of the trigger; `trigger` in templates.
    async fn trigger(&self, ctx: &Context<'_>) -> Result<Option<Json<Value>>> {
        Ok(ctx.load(Triggers, self.0.id).await?.map(Json))
    }

    /// The steps in the order of their creation; the trigger is the first.
    async fn steps(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The number of items from the start; default 20, maximum 100.")] first: Option<i32>,
        #[graphql(desc = "Returns items after this cursor.")] after: Option<String>,
        #[graphql(desc = "The number of items from the end; maximum 100.")] last: Option<i32>,
        #[graphql(desc = "Returns items before this cursor.")] before: Option<String>,
    ) -> Result<Connection<ExecutionStep>> {
        let window = Window::parse(&page_args(first, after, last, before), "steps", &[KeyKind::Id])?;
        let selection = selection::of_connection::<ExecutionStep>(ctx);
        let steps = ctx.load(Steps(selection), self.0.id).await?.unwrap_or_default();
        let page = slice(steps, &window, |row| row.id.into());
        Ok(Connection::of(page, ExecutionStep))
    }

    /// The error; null unless the status is `FAILED`.
    fn error(&self) -> Option<ExecutionError> {
        self.0.failure().map(Into::into)
    }

    /// The usage of the AI steps.
    async fn usage(&self, ctx: &Context<'_>) -> Result<UsageSummary> {
        usage_of(ctx, self.0.id, None, None).await
    }

    /// The id of the trace of the steps: 32 hexadecimal digits.
    fn trace_id(&self) -> Option<&str> {
        self.0.trace_id.as_deref()
    }

    /// Whether the execution is a test.
    fn test(&self) -> bool {
        self.0.test
    }

    /// When it was created.
    fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it started.
    fn started_at(&self) -> Option<DateTime<Utc>> {
        self.0.started_at
    }

    /// When it finished.
    fn finished_at(&self) -> Option<DateTime<Utc>> {
        self.0.finished_at
    }
}
