//! The inputs of threads.

use async_graphql::{Enum, ID, InputObject, Json, OneofObject};
use serde_json::Value;
use triptych_entities::documents::conversations::generation;
use triptych_services::{
    conversations::threads::{self, NewPart},
    error::Invalid,
};

use crate::{
    automation::flows::OrderDirection,
    context::{parse_id, parse_id_opt},
};

/// What a list of threads is narrowed to. All that is given must hold.
#[derive(InputObject, Default)]
pub struct ThreadFilter {
    /// In the title, whatever the case.
    pub search: Option<String>,
    /// Those that were put away. Absent: those that were not.
    pub archived: Option<bool>,
    /// Another person's, for those who may see them. Absent: the caller's own.
    pub owner_id: Option<ID>,
}

impl ThreadFilter {
    pub(super) fn parse(self) -> Result<threads::ThreadFilter, Invalid> {
        Ok(threads::ThreadFilter {
            search: self.search,
            archived: self.archived,
            owner: parse_id_opt("filter.ownerId", self.owner_id.as_ref())?,
        })
    }
}

/// What to sort threads by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum ThreadOrderField {
    /// When they were made.
    CreatedAt,
}

/// How to sort threads. Without it: the newest first.
#[derive(InputObject)]
pub struct ThreadOrder {
    /// What to sort by.
    #[graphql(default_with = "ThreadOrderField::CreatedAt")]
    pub field: ThreadOrderField,
    /// Which end comes first.
    #[graphql(default_with = "OrderDirection::Desc")]
    pub direction: OrderDirection,
}

impl From<ThreadOrder> for threads::ThreadOrder {
    fn from(order: ThreadOrder) -> Self {
        let ThreadOrder { field: ThreadOrderField::CreatedAt, direction } = order;
        if direction == OrderDirection::Desc { Self::Newest } else { Self::Oldest }
    }
}

/// A new thread.
#[derive(InputObject)]
pub struct CreateThreadInput {
    /// 1 to 200 characters.
    pub title: Option<String>,
    /// `provider/model` for messages that name none.
    pub model: Option<String>,
    /// The caller's own id for this call: the same value gives the same thread.
    pub client_id: Option<String>,
}

/// What to change about a thread. Absent fields stay as they are.
#[derive(InputObject)]
pub struct UpdateThreadInput {
    /// The thread.
    pub thread_id: ID,
    /// 1 to 200 characters.
    pub title: Option<String>,
    /// Put it away, or take it back.
    pub archived: Option<bool>,
    /// `provider/model` for messages that name none.
    pub model: Option<String>,
}

/// A file that is part of a message.
#[derive(InputObject)]
pub struct FilePartInput {
    /// The file's name.
    pub name: String,
    /// Such as `application/pdf`.
    pub media_type: String,
    /// Where it is: `https:` or `data:`.
    pub url: String,
}

/// An image that is part of a message.
#[derive(InputObject)]
pub struct ImagePartInput {
    /// Such as `image/png`.
    pub media_type: String,
    /// Where it is: `https:` or `data:`.
    pub url: String,
    /// What it shows.
    pub alt: Option<String>,
}

/// One part of a message: exactly one of these.
#[derive(OneofObject)]
pub enum MessagePartInput {
    /// Text.
    Text(String),
    /// A file.
    File(FilePartInput),
    /// An image.
    Image(ImagePartInput),
    /// Data for the model to read.
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

/// How the model is to answer. Absent fields are the provider's defaults.
#[derive(InputObject, Default)]
pub struct GenerationParametersInput {
    /// 0 to 2: how freely words are chosen.
    pub temperature: Option<f64>,
    /// 0 to 1: from how many words is chosen.
    pub top_p: Option<f64>,
    /// Tokens that the answer has at most.
    pub max_output_tokens: Option<i32>,
    /// The same seed gives much the same answer, where the provider can.
    pub seed: Option<i64>,
    /// Up to 16 texts that end the answer.
    pub stop: Option<Vec<String>>,
    /// Ask for JSON that follows this JSON Schema.
    pub json_schema: Option<Json<Value>>,
}

impl From<GenerationParametersInput> for generation::Parameters {
    fn from(input: GenerationParametersInput) -> Self {
        Self {
            temperature: input.temperature,
            top_p: input.top_p,
            max_output_tokens: input.max_output_tokens,
            seed: input.seed,
            stop: input.stop.unwrap_or_default(),
            json_schema: input.json_schema.map(|Json(schema)| schema),
        }
    }
}

/// How an answer that was given before may be used for the same question.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "generation::CachePolicy")]
pub enum CachePolicy {
    /// Use one if there is one, and keep this one for others.
    Default,
    /// Neither use nor keep.
    Bypass,
    /// Ask anew, and keep the answer.
    Refresh,
}

/// A message to be sent and answered.
#[derive(InputObject)]
pub struct SendMessageInput {
    /// Absent: a new thread.
    pub thread_id: Option<ID>,
    /// What it follows. Absent: the end of the branch in view.
    pub parent_id: Option<ID>,
    /// The caller's own id for this call: the same value gives the same result.
    pub client_id: Option<String>,
    /// The text. Text and parts together have up to 200,000 characters.
    pub text: Option<String>,
    /// Parts that follow the text.
    pub parts: Option<Vec<MessagePartInput>>,
    /// `provider/model`. Absent: the thread's.
    pub model: Option<String>,
    /// The agent to answer. There are none yet.
    pub agent_id: Option<ID>,
    /// How the model is to answer.
    pub parameters: Option<GenerationParametersInput>,
    /// Whether an earlier answer may be used.
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
            client_id: self.client_id,
            text: self.text,
            parts: self.parts.unwrap_or_default().into_iter().map(Into::into).collect(),
            model: self.model,
            parameters: self.parameters.unwrap_or_default().into(),
            cache: self.cache.into(),
        })
    }
}

/// An answer to be given once more.
#[derive(InputObject)]
pub struct RegenerateMessageInput {
    /// The answer, or the message that it answers.
    pub message_id: ID,
    /// `provider/model`. Absent: the thread's.
    pub model: Option<String>,
    /// How the model is to answer.
    pub parameters: Option<GenerationParametersInput>,
    /// Whether an earlier answer may be used.
    #[graphql(default_with = "CachePolicy::Bypass")]
    pub cache: CachePolicy,
}

impl RegenerateMessageInput {
    pub(super) fn parse(self) -> Result<threads::RegenerateMessage, Invalid> {
        Ok(threads::RegenerateMessage {
            message_id: parse_id("messageId", &self.message_id)?,
            model: self.model,
            parameters: self.parameters.unwrap_or_default().into(),
            cache: self.cache.into(),
        })
    }
}

/// An earlier message in other words.
#[derive(InputObject)]
pub struct EditMessageInput {
    /// The message, written by a person.
    pub message_id: ID,
    /// The caller's own id for this call: the same value gives the same result.
    pub client_id: Option<String>,
    /// The text. Text and parts together have up to 200,000 characters.
    pub text: Option<String>,
    /// Parts that follow the text.
    pub parts: Option<Vec<MessagePartInput>>,
    /// `provider/model`. Absent: the thread's.
    pub model: Option<String>,
    /// How the model is to answer.
    pub parameters: Option<GenerationParametersInput>,
    /// Whether an earlier answer may be used.
    #[graphql(default_with = "CachePolicy::Default")]
    pub cache: CachePolicy,
}

impl EditMessageInput {
    pub(super) fn parse(self) -> Result<threads::EditMessage, Invalid> {
        Ok(threads::EditMessage {
            message_id: parse_id("messageId", &self.message_id)?,
            client_id: self.client_id,
            text: self.text,
            parts: self.parts.unwrap_or_default().into_iter().map(Into::into).collect(),
            model: self.model,
            parameters: self.parameters.unwrap_or_default().into(),
            cache: self.cache.into(),
        })
    }
}
