//! Models, as whoever asks them sees them: a question in, a stream of events out.
//!
//! Knows providers and their protocols; knows nothing of threads, flows, storage or subscribers.

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

/// What a model is asked.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The model's name as its provider knows it.
    pub model: String,
    pub prompt: Prompt,
    pub parameters: Parameters,
}

/// What a model says, bit by bit.
#[derive(Debug, Clone, PartialEq)]
pub enum ModelEvent {
    TextDelta(String),
    ReasoningDelta(String),
    ToolCallStart {
        call_id: String,
        name: String,
    },
    /// More of the call's arguments, as the model writes them.
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
    /// The tokens so far; the last one counts.
    Usage(Usage),
    /// The answer is whole. Nothing follows.
    Finish {
        reason: Option<String>,
    },
}

/// Ends after `Finish` or an error. One that ends without either was cut off.
pub type ModelStream = BoxStream<'static, Result<ModelEvent, ModelError>>;

/// Something that answers.
pub trait Model: Send + Sync + 'static {
    /// Asks. Dropping the stream ends the call.
    fn stream(&self, ask: Ask) -> ModelStream;
}
