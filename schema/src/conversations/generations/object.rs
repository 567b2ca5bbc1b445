//! A generation.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use triptych_entities::{
    documents::{
        conversations::generation::{self, Origin},
        from_bson,
    },
    failure::Failure,
};

use super::{MessagePart, Usage, parts};
use crate::{
    automation::executions::{ExecutionStep, load_execution_step},
    conversations::threads::{Message, load_message},
    errors::Result,
};

/// How far an answer is. The last three are final.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
#[graphql(remote = "generation::Status")]
pub enum GenerationStatus {
    /// Asked for; a worker will take it.
    Queued,
    /// A model is answering.
    Streaming,
    /// The answer is whole.
    Completed,
    /// Somebody stopped it; what had come is kept.
    Aborted,
    /// It failed; what had come is kept.
    Failed,
}

/// Why an answer failed.
#[derive(SimpleObject)]
pub struct GenerationError {
    /// For programs, such as `RATE_LIMITED`.
    pub code: String,
    /// For people.
    pub message: String,
}

impl From<Failure> for GenerationError {
    fn from(failure: Failure) -> Self {
        Self { code: failure.code, message: failure.message }
    }
}

pub struct Generation(pub(crate) generation::Generation);

/// One answer of a model, from the request to its one end.
#[Object]
impl Generation {
    /// `gen_…`
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The message that the answer becomes; null when a flow's step asked.
    async fn message(&self, ctx: &Context<'_>) -> Result<Option<Message>> {
        match self.0.message_id() {
            Some(id) => load_message(ctx, id).await.map(Some),
            None => Ok(None),
        }
    }

    /// How far it is.
    async fn status(&self) -> GenerationStatus {
        self.0.status.into()
    }

    /// `provider/model`
    async fn model(&self) -> &str {
        &self.0.model
    }

    /// Whether an earlier answer to the same question was used.
    async fn cached(&self) -> bool {
        self.0.cached
    }

    /// Counts the runs. Above 1, a worker was lost and the answer was begun again.
    async fn epoch(&self) -> i32 {
        self.0.epoch
    }

    /// The answer to a flow's step. The answer in a thread is its message.
    async fn parts(&self) -> Vec<MessagePart> {
        parts(self.0.parts.clone())
    }

    /// What it used; null until it ends.
    async fn usage(&self) -> Option<Usage> {
        self.0.usage.clone().map(Into::into)
    }

    /// Why it failed; null unless it did.
    async fn error(&self) -> Option<GenerationError> {
        self.0.error.clone().map(Into::into)
    }

    /// Why the model stopped: `stop`, `length`, `tool_calls`, `content_filter`, `stop_sequence`, or the provider's
    /// own word.
    async fn finish_reason(&self) -> Option<&str> {
        self.0.finish_reason.as_deref()
    }

    /// Milliseconds from asking the model to its first word.
    async fn time_to_first_token_ms(&self) -> Option<i32> {
        self.0.time_to_first_token_ms
    }

    /// Its trace: 32 hexadecimal digits.
    async fn trace_id(&self) -> &str {
        &self.0.trace_id
    }

    /// Its place in the trace: 16 hexadecimal digits.
    async fn observation_id(&self) -> &str {
        &self.0.observation_id
    }

    /// The run of a flow's step that asked; null when a thread did.
    async fn execution_step(&self, ctx: &Context<'_>) -> Result<Option<ExecutionStep>> {
        match self.0.origin {
            Origin::Step { execution_step_id, .. } => {
                load_execution_step(ctx, execution_step_id).await.map(Some)
            }
            Origin::Thread { .. } => Ok(None),
        }
    }

    /// When it was asked for.
    async fn created_at(&self) -> DateTime<Utc> {
        from_bson(self.0.created_at)
    }

    /// When a worker first took it.
    async fn started_at(&self) -> Option<DateTime<Utc>> {
        self.0.started_at.map(from_bson)
    }

    /// When it ended.
    async fn finished_at(&self) -> Option<DateTime<Utc>> {
        self.0.finished_at.map(from_bson)
    }
}
