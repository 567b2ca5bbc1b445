//! A step of an execution, and what it logged.

use async_graphql::{Context, Enum, ID, Json, Object, SimpleObject};
use chrono::{DateTime, Utc};
use serde_json::Value;
use triptych_entities::relational::automation::{execution_log, execution_step};

use super::{Execution, ExecutionError, loader::load_execution};
use crate::{
    automation::flows::{Step, load_step},
    connection::{Connection, page_args},
    context::ContextExt as _,
    conversations::generations::{Generation, generation_behind, generation_opt},
    errors::Result,
};

/// How far a step of an execution is. The last four are final.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
#[graphql(remote = "execution_step::Status")]
pub enum ExecutionStepStatus {
    /// Its turn has come; a worker will take it.
    Queued,
    /// A worker has it.
    Running,
    /// It waits for a time or a person.
    Waiting,
    /// It did what it should.
    Succeeded,
    /// It failed for good.
    Failed,
    /// No path led to it.
    Skipped,
    /// The execution ended before it did.
    Canceled,
}

/// How much a line matters.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
#[graphql(remote = "execution_log::Level")]
pub enum LogLevel {
    /// For whoever looks for a fault.
    Debug,
    /// Worth knowing.
    Info,
    /// Something is not as it should be.
    Warn,
    /// Something failed.
    Error,
}

pub struct ExecutionStep(pub(crate) execution_step::Model);

/// A step of an execution: what went in, what came out.
#[Object]
impl ExecutionStep {
    /// `execstep_…`
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The execution that it is part of.
    async fn execution(&self, ctx: &Context<'_>) -> Result<Execution> {
        load_execution(ctx, self.0.execution_id).await
    }

    /// The step of the version that ran.
    async fn step(&self, ctx: &Context<'_>) -> Result<Step> {
        load_step(ctx, self.0.step_id).await
    }

    /// How far it is.
    async fn status(&self) -> ExecutionStepStatus {
        self.0.status.into()
    }

    /// Counts up from 1 with each try; 0 before the first.
    async fn attempt(&self) -> i32 {
        self.0.attempt
    }

    /// The parameters, with their templates filled in.
    async fn input(&self) -> Option<Json<&Value>> {
        self.0.input.as_ref().map(Json)
    }

    /// What came out; `steps.<key>.output` in templates.
    async fn output(&self) -> Option<Json<&Value>> {
        self.0.output.as_ref().map(Json)
    }

    /// Why it failed, or why its last attempt did.
    async fn error(&self) -> Option<ExecutionError> {
        self.0.failure().map(Into::into)
    }

    /// The AI response behind it; null unless it asked a model.
    async fn generation(&self, ctx: &Context<'_>) -> Result<Option<Generation>> {
        match (self.0.generation_id, self.0.status) {
            (None, execution_step::Status::Succeeded) => Ok(None),
            (None, _) => generation_behind(ctx, self.0.id).await,
            (id, _) => generation_opt(ctx, id).await,
        }
    }

    /// When its first attempt began.
    async fn started_at(&self) -> Option<DateTime<Utc>> {
        self.0.started_at
    }

    /// When it ended.
    async fn finished_at(&self) -> Option<DateTime<Utc>> {
        self.0.finished_at
    }

    /// What it logged, oldest first.
    async fn logs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the front; 20 unless told, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the back.")] last: Option<i32>,
        #[graphql(desc = "Go back before this cursor.")] before: Option<String>,
    ) -> Result<Connection<ExecutionLog>> {
        let args = page_args(first, after, last, before);
        let page = Box::pin(ctx.services().executions.logs(ctx.actor()?, self.0.id, &args)).await?;
        Ok(Connection::of(page, ExecutionLog::from))
    }
}

/// A line that a step logged.
#[derive(SimpleObject)]
pub struct ExecutionLog {
    /// `log_…`
    pub id: ID,
    /// How much it matters.
    pub level: LogLevel,
    /// What it says.
    pub message: String,
    /// When it was logged.
    pub created_at: DateTime<Utc>,
}

impl From<execution_log::Model> for ExecutionLog {
    fn from(row: execution_log::Model) -> Self {
        Self {
            id: row.id.to_string().into(),
            level: row.level.into(),
            message: row.message,
            created_at: row.created_at,
        }
    }
}
