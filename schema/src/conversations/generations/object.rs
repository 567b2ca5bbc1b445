//! A generation.

use async_graphql::{Context, Enum, Object, SimpleObject};
use chrono::{DateTime, Utc};
use triptych_entities::{
    documents::{
        conversations::generation::{self, Origin},
        from_bson,
    },
    failure::Failure,
    ids::GenerationId,
};

use super::{MessagePart, Usage, parts};
use crate::{
    automation::executions::ExecutionStep,
    conversations::threads::Message,
    errors::Result,
    node::load,
    output::{Id, Items},
};

/// The status of a generation. The last three are final.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
#[graphql(remote = "generation::Status")]
pub enum GenerationStatus {
    /// Waits for a worker.
    Queued,
    /// The model is responding.
    Streaming,
    /// The response is complete.
    Completed,
    /// Stopped by a user. The received part is kept.
    Aborted,
    /// Failed. The received part is kept.
    Failed,
}

/// The error of a generation.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct GenerationError {
    /// The error code, such as `RATE_LIMITED`.
    pub code: String,
    /// The error message.
    pub message: String,
}

impl From<Failure> for GenerationError {
    fn from(failure: Failure) -> Self {
        Self { code: failure.code, message: failure.message }
    }
}

pub struct Generation(pub(crate) generation::Generation);

/// A response of a model, from the request to its final status.
#[Object(crate = "crate::output")]
impl Generation {
    /// `gen_…`
    fn id(&self) -> Id<GenerationId> {
        Id(self.0.id)
    }

    /// The message with the response; null if a step of a flow requested it.
    async fn message(&self, ctx: &Context<'_>) -> Result<Option<Message>> {
        match self.0.message_id() {
            Some(id) => load(ctx, id).await.map(Some),
            None => Ok(None),
        }
    }

    /// The status.
    fn status(&self) -> GenerationStatus {
        self.0.status.into()
    }

    /// The model, as `provider/model`.
    fn model(&self) -> &str {
        &self.0.model
    }

    /// Whether the response was read from the cache.
    fn cached(&self) -> bool {
        self.0.cached
    }

    /// The number of the run, counted from 1. After the loss of a worker the generation runs again.
    fn epoch(&self) -> i32 {
        self.0.epoch
    }

    /// The response to a step of a flow. The response in a thread is its message.
    fn parts(&self) -> Items<MessagePart> {
        parts(self.0.parts.clone())
    }

    /// The usage; null until the generation finishes.
    fn usage(&self) -> Option<Usage> {
        self.0.usage.clone().map(Into::into)
    }

    /// The error; null unless the status is `FAILED`.
    fn error(&self) -> Option<GenerationError> {
        self.0.error.clone().map(Into::into)
    }

    /// Why the model stopped: `stop`, `length`, `tool_calls`, `content_filter`, `stop_sequence`, or the value
    /// of the provider.
    fn finish_reason(&self) -> Option<&str> {
        self.0.finish_reason.as_deref()
    }

    /// Milliseconds from the request to the first token.
    fn time_to_first_token_ms(&self) -> Option<i32> {
        self.0.time_to_first_token_ms
    }

    /// The id of the trace: 32 hexadecimal digits.
    fn trace_id(&self) -> &str {
        &self.0.trace_id
    }

    /// The id of the span in the trace: 16 hexadecimal digits.
    fn observation_id(&self) -> &str {
        &self.0.observation_id
    }

    /// The step of an execution that requested the response; null for a response in a thread.
    async fn execution_step(&self, ctx: &Context<'_>) -> Result<Option<ExecutionStep>> {
        match self.0.origin {
            Origin::Step { execution_step_id, .. } => load(ctx, execution_step_id).await.map(Some),
            Origin::Thread { .. } => Ok(None),
        }
    }

    /// When it was created.
    fn created_at(&self) -> DateTime<Utc> {
        from_bson(self.0.created_at)
    }

    /// When a worker started the first run.
    fn started_at(&self) -> Option<DateTime<Utc>> {
        self.0.started_at.map(from_bson)
    }

    /// When it finished.
    fn finished_at(&self) -> Option<DateTime<Utc>> {
        self.0.finished_at.map(from_bson)
    }
}
