//! Requests to models: a prompt as input, a stream of events as output.
//!
//! Contains providers and their protocols, and does not depend on threads, flows, storage or subscribers.

pub mod demo;
mod error;
mod provider;
mod registry;

pub use error::ModelError;
pub use registry::ModelRegistry;

use futures::stream::BoxStream;
use serde_json::Value;
use triptych_entities::documents::conversations::generation::{Parameters, Usage};
use triptych_services::conversations::generations::Prompt;

/// A request to a model.
#[derive(Debug, Clone)]
pub struct CompletionRequest {
    /// The name of the model at its provider.
    pub model: String,
    pub prompt: Prompt,
    pub parameters: Parameters,
}

/// An event of the stream of a response.
#[derive(Debug, Clone, PartialEq)]
pub enum ModelEvent {
    TextDelta(String),
    ReasoningDelta(String),
    ToolCallStart {
        call_id: String,
        name: String,
    },
    /// More of the arguments of a tool call.
    ToolInputDelta {
        call_id: String,
        text: String,
    },
    ToolCallReady {
        call_id: String,
        name: String,
        arguments: Value,
    },
    ToolResult {
        call_id: String,
        result: Value,
    },
    Citation {
        title: String,
        url: Option<String>,
        quote: Option<String>,
    },
    /// The total usage so far; the last value is final.
    Usage(Usage),
    /// The response is complete. The last event.
    Finish {
        reason: Option<String>,
    },
}

/// A stream of events. Ends after `Finish` or an error; otherwise the response is incomplete.
pub type ModelStream = BoxStream<'static, Result<ModelEvent, ModelError>>;

/// A model, or a provider of models.
pub trait Model: Send + Sync + 'static {
    /// Sends a request. Dropping the stream cancels it.
    fn stream(&self, request: CompletionRequest) -> ModelStream;
}
