//! The inputs that request responses, and how they are parsed.

use triptych_entities::{
    documents::conversations::{
        generation::{CachePolicy, Parameters},
        part::Part,
    },
    ids::{MessageId, ThreadId},
};

use super::{NewPart, Threads, content};
use crate::{
    conversations::{models::ModelName, parameters},
    input::{ClientId, Problems},
};

/// A message to store.
#[derive(Debug, Clone, Default)]
pub struct NewMessage {
    /// Idempotency key: a repeated call with the same value returns the first result.
    pub client_id: Option<String>,
    pub text: Option<String>,
    pub parts: Vec<NewPart>,
}

/// The requested response.
#[derive(Debug, Clone, Default)]
pub struct ResponseOptions {
    /// `provider/model`. Defaults to the model of the thread.
    pub model: Option<String>,
    pub parameters: Parameters,
    pub cache: CachePolicy,
}

/// The input of [`Threads::send_message`].
#[derive(Debug, Clone, Default)]
pub struct SendMessage {
    /// Creates a new thread if absent.
    pub thread_id: Option<ThreadId>,
    /// Defaults to the end of the active branch.
    pub parent_id: Option<MessageId>,
    pub message: NewMessage,
    pub response: ResponseOptions,
}

/// The input of [`Threads::regenerate_message`].
#[derive(Debug, Clone)]
pub struct RegenerateMessage {
    /// The id of a response, or of the message that it responds to.
    pub message_id: MessageId,
    pub response: ResponseOptions,
}

/// The input of [`Threads::edit_message`].
#[derive(Debug, Clone)]
pub struct EditMessage {
    pub message_id: MessageId,
    pub message: NewMessage,
    pub response: ResponseOptions,
}

/// A valid [`NewMessage`].
#[derive(Clone)]
pub(super) struct ValidMessage {
    pub client_id: Option<ClientId>,
    pub parts: Vec<Part>,
}

/// Valid [`ResponseOptions`].
#[derive(Clone)]
pub(super) struct ValidOptions {
    pub model: Option<ModelName>,
    pub parameters: Parameters,
    pub cache: CachePolicy,
}

impl Threads {
    /// `None` if there are problems.
    pub(super) fn parse_options(
        &self,
        options: ResponseOptions,
        problems: &mut Problems,
    ) -> Option<ValidOptions> {
        let ResponseOptions { model, parameters, cache } = options;
        let model = problems.parsed("model", self.parse_model(model.as_deref()));
        parameters::check(Some(&parameters), problems);
        Some(ValidOptions { model: model?, parameters, cache })
    }

    /// Parses the name of a model, if one is given.
    pub(super) fn parse_model(&self, model: Option<&str>) -> Result<Option<ModelName>, String> {
        model.map(|model| self.generations.models().parse(model)).transpose()
    }
}

impl NewMessage {
    /// `None` if there are problems.
    pub(super) fn parse(self, problems: &mut Problems) -> Option<ValidMessage> {
        let client_id = self.client_id.as_deref().map(ClientId::parse).transpose();
        let client_id = problems.parsed("clientId", client_id);
        let parts = content::parse(self.text, self.parts, problems);
        Some(ValidMessage { client_id: client_id?, parts: parts? })
    }
}
