//! The inputs that request responses: messages, their parts and the parameters of the model.

use async_graphql::{Enum, ID, InputObject, Json, OneofObject};
use serde_json::Value;
use triptych_entities::documents::conversations::generation;
use triptych_services::{
    conversations::threads::{self, NewPart},
    error::Invalid,
};

use crate::{
    context::{parse_id, parse_id_opt},
    conversations::parameters::GenerationParametersInput,
};

/// Input of a file in a message.
#[derive(InputObject)]
pub struct FilePartInput {
    /// The file name, 1 to 255 characters.
    pub name: String,
    /// The media type, such as `application/pdf`; up to 255 characters.
    pub media_type: String,
    /// The URL, with the scheme `https:` or `data:`; up to 8,192 characters.
    pub url: String,
}

/// Input of an image in a message.
#[derive(InputObject)]
pub struct ImagePartInput {
    /// The media type, such as `image/png`; up to 255 characters.
    pub media_type: String,
    /// The URL, with the scheme `https:` or `data:`; up to 8,192 characters.
    pub url: String,
    /// The alternative text.
    pub alt: Option<String>,
}

/// Input of a part of a message: exactly one field.
#[derive(OneofObject)]
pub enum MessagePartInput {
    /// Text.
    Text(String),
    /// A file.
    File(FilePartInput),
    /// An image.
    Image(ImagePartInput),
    /// Data for the model.
    Data(Json<Value>),
}

impl From<MessagePartInput> for NewPart {
    fn from(part: MessagePartInput) -> Self {
        match part {
            MessagePartInput::Text(text) => Self::Text { text },
            MessagePartInput::File(FilePartInput { name, media_type, url }) => {
                Self::File { name, media_type, url }
            }
            MessagePartInput::Image(ImagePartInput { media_type, url, alt }) => {
                Self::Image { media_type, url, alt }
            }
            MessagePartInput::Data(Json(data)) => Self::Data { data },
        }
    }
}

/// The message of an input.
#[derive(InputObject)]
pub struct NewMessageInput {
    /// An idempotency key: repeated calls with the same value return the same result.
    pub client_id: Option<String>,
    /// The text. Text and parts together have up to 200,000 characters.
    pub text: Option<String>,
    /// Parts that follow the text; at most 64.
    pub parts: Option<Vec<MessagePartInput>>,
}

impl From<NewMessageInput> for threads::NewMessage {
    fn from(input: NewMessageInput) -> Self {
        Self {
            client_id: input.client_id,
            text: input.text,
            parts: input.parts.unwrap_or_default().into_iter().map(Into::into).collect(),
        }
    }
}

/// The use of the response cache.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "generation::CachePolicy")]
pub enum CachePolicy {
    /// Reads from the cache and writes to it.
    Default,
    /// Does not use the cache.
    Bypass,
    /// Writes to the cache without reading from it.
    Refresh,
}

/// The requested response of an input. Whether it uses the response cache is a field of the input, as the default
/// differs.
#[derive(InputObject)]
pub struct ResponseInput {
    /// The model, as `provider/model`. Default: the model of the thread.
    pub model: Option<String>,
    /// Parameters of the model.
    pub parameters: Option<GenerationParametersInput>,
}

impl ResponseInput {
    fn options(self, cache: CachePolicy) -> threads::ResponseOptions {
        let parameters = self.parameters.unwrap_or_default().into();
        threads::ResponseOptions { model: self.model, parameters, cache: cache.into() }
    }
}

/// Input to send a message and request a response.
#[derive(InputObject)]
pub struct SendMessageInput {
    /// The id of the thread. Default: a new thread.
    pub thread_id: Option<ID>,
    /// The id of the parent message. Default: the last message of the current branch.
    pub parent_id: Option<ID>,
    #[graphql(flatten)]
    pub message: NewMessageInput,
    /// The id of the agent that responds. Agents are not available yet.
    pub agent_id: Option<ID>,
    #[graphql(flatten)]
    pub response: ResponseInput,
    /// The use of the response cache.
    #[graphql(default_with = "CachePolicy::Default")]
    pub cache: CachePolicy,
}

impl SendMessageInput {
    pub(super) fn parse(self) -> Result<threads::SendMessage, Invalid> {
        if self.agent_id.is_some() {
            return Err(Invalid::one("agentId", "no such agent"));
        }
        Ok(threads::SendMessage {
            thread_id: parse_id_opt("threadId", self.thread_id.as_ref())?,
            parent_id: parse_id_opt("parentId", self.parent_id.as_ref())?,
            message: self.message.into(),
            response: self.response.options(self.cache),
        })
    }
}

/// Input to regenerate a response.
#[derive(InputObject)]
pub struct RegenerateMessageInput {
    /// The id of the response, or of the message that it responds to.
    pub message_id: ID,
    #[graphql(flatten)]
    pub response: ResponseInput,
    /// The use of the response cache.
    #[graphql(default_with = "CachePolicy::Bypass")]
    pub cache: CachePolicy,
}

impl RegenerateMessageInput {
    pub(super) fn parse(self) -> Result<threads::RegenerateMessage, Invalid> {
        Ok(threads::RegenerateMessage {
            message_id: parse_id("messageId", &self.message_id)?,
            response: self.response.options(self.cache),
        })
    }
}

/// Input to edit a message.
#[derive(InputObject)]
pub struct EditMessageInput {
    /// The id of a message of a user.
    pub message_id: ID,
    #[graphql(flatten)]
    pub message: NewMessageInput,
    #[graphql(flatten)]
    pub response: ResponseInput,
    /// The use of the response cache.
    #[graphql(default_with = "CachePolicy::Default")]
    pub cache: CachePolicy,
}

impl EditMessageInput {
    pub(super) fn parse(self) -> Result<threads::EditMessage, Invalid> {
        Ok(threads::EditMessage {
            message_id: parse_id("messageId", &self.message_id)?,
            message: self.message.into(),
            response: self.response.options(self.cache),
        })
    }
}
