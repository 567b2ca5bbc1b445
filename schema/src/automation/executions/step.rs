//! A step of an execution, and its log.

use async_graphql::{Context, Enum, Json, Object, SimpleObject};
use chrono::{DateTime, Utc};
use serde_json::Value;
use triptych_entities::{
    ids::{ExecutionLogId, ExecutionStepId},
    relational::automation::{execution_log, execution_step},
};

use triptych_services::automation::executions::Executions;

use super::{Execution, ExecutionError, loader::Logs};
use crate::{
    automation::flows::Step,
    connection::{Connection, page_args},
    context::ContextExt as _,
    conversations::generations::{Generation, generation_of_step},
    errors::{ApiError, Result},
    node::{load, load_opt},
    output::Id,
    selection::Columnar,
};

/// The status of a step of an execution. The last four are final.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
#[graphql(remote = "execution_step::Status")]
pub enum ExecutionStepStatus {
    /// Ready to run on a worker.
    Queued,
    /// Running on a worker.
    Running,
    /// Waits for a time or a user.
    Waiting,
    /// Succeeded.
    Succeeded,
    /// Failed without further attempts.
    Failed,
    /// No path led to the step.
    Skipped,
    /// The execution ended before the step.
    Canceled,
}

/// The severity of a log line.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
#[graphql(remote = "execution_log::Level")]
pub enum LogLevel {
    /// Details for debugging.
    Debug,
    /// Normal operation.
    Info,
    /// An unexpected condition.
    Warn,
    /// A failure.
    Error,
}

pub struct ExecutionStep(pub(crate) execution_step::Model);

impl Columnar for ExecutionStep {
    type Row = execution_step::Model;
    const READS: &'static [(&'static str, &'static [&'static str])] = &[
        ("execution", &["execution_id"]),
        ("step", &["step_id"]),
        ("error", &["error_code", "error_message"]),
        ("generation", &["id", "generation_id", "status"]),
        ("logs", &["id"]),
    ];
}

/// A step of an execution, with its input and output.
#[Object(crate = "crate::output")]
impl ExecutionStep {
    /// `execstep_…`
    fn id(&self) -> Id<ExecutionStepId> {
        Id(self.0.id)
    }

    /// The execution of the step.
    async fn execution(&self, ctx: &Context<'_>) -> Result<Execution> {
        load(ctx, self.0.execution_id).await
    }

    /// The step of the version.
    async fn step(&self, ctx: &Context<'_>) -> Result<Step> {
        load(ctx, self.0.step_id).await
    }

    /// The status.
    fn status(&self) -> ExecutionStepStatus {
        self.0.status.into()
    }

    /// The number of the attempt, counted from 1; 0 before the first.
    fn attempt(&self) -> i32 {
        self.0.attempt
    }

    /// The parameters with evaluated templates.
    fn input(&self) -> Option<Json<&Value>> {
        self.0.input.as_ref().map(Json)
    }

    /// The output; `steps.<key>.output` in templates.
    fn output(&self) -> Option<Json<&Value>> {
        self.0.output.as_ref().map(Json)
    }

    /// The error of the last failed attempt.
    fn error(&self) -> Option<ExecutionError> {
        self.0.failure().map(Into::into)
    }

    /// The generation of an AI step; null for other steps.
    async fn generation(&self, ctx: &Context<'_>) -> Result<Option<Generation>> {
        match (self.0.generation_id, self.0.status) {
            (None, execution_step::Status::Succeeded) => Ok(None),
            (None, _) => generation_of_step(ctx, self.0.id).await,
            (id, _) => load_opt(ctx, id).await,
        }
    }

    /// When the first attempt started.
    fn started_at(&self) -> Option<DateTime<Utc>> {
        self.0.started_at
    }

    /// When it finished.
    fn finished_at(&self) -> Option<DateTime<Utc>> {
        self.0.finished_at
    }

    /// The log lines, oldest first.
    async fn logs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The number of items from the start; default 20, maximum 100.")] first: Option<i32>,
        #[graphql(desc = "Returns items after this cursor.")] after: Option<String>,
        #[graphql(desc = "The number of items from the end; maximum 100.")] last: Option<i32>,
        #[graphql(desc = "Returns items before this cursor.")] before: Option<String>,
    ) -> Result<Connection<ExecutionLog>> {
        let window = Executions::logs_window(&page_args(first, after, last, before))?;
        let page = ctx.load(Logs(window), self.0.id).await?;
        Ok(Connection::of(page.ok_or_else(|| ApiError::not_found("execution step"))?, ExecutionLog::from))
    }
}

/// A log line of a step.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct ExecutionLog {
    /// `log_…`
    pub id: Id<ExecutionLogId>,
    /// The severity.
    pub level: LogLevel,
    /// The text of the line.
    pub message: String,
    /// When the line was written.
    pub created_at: DateTime<Utc>,
}

impl From<execution_log::Model> for ExecutionLog {
    fn from(row: execution_log::Model) -> Self {
        Self { id: Id(row.id), level: row.level.into(), message: row.message, created_at: row.created_at }
    }
}
