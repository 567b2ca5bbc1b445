//! A message.

use async_graphql::{Context, Enum, Json, Object};
use chrono::{DateTime, Utc};
use serde_json::Value;
use triptych_entities::{
    documents::{
        conversations::{message, part::Part},
        from_bson,
    },
    ids::MessageId,
};

use super::{Thread, loader::Siblings};
use crate::{
    context::ContextExt as _,
    conversations::generations::{Generation, MessagePart, Usage, parts},
    errors::Result,
    identity::User,
    node::{load, load_opt},
    output::{Id, Items},
};

/// The role of the author.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
#[graphql(remote = "message::Role")]
pub enum MessageRole {
    /// The system prompt.
    System,
    /// A user.
    User,
    /// A model.
    Assistant,
    /// A tool.
    Tool,
}

/// The status of a message.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
#[graphql(remote = "message::Status")]
pub enum MessageStatus {
    /// The response is in progress.
    Pending,
    /// Complete.
    Completed,
    /// Stopped by a user. The received part is kept.
    Aborted,
    /// Failed. The received part is kept.
    Failed,
}

pub struct Message(pub(crate) message::Message);

/// A message in the tree of a thread.
#[Object(crate = "crate::output")]
impl Message {
    /// `msg_…`
    fn id(&self) -> Id<MessageId> {
        Id(self.0.id)
    }

    /// The thread.
    async fn thread(&self, ctx: &Context<'_>) -> Result<Thread> {
        load(ctx, self.0.thread_id).await
    }

    /// The parent message; null for a first message.
    async fn parent(&self, ctx: &Context<'_>) -> Result<Option<Message>> {
        match self.0.parent_id {
            Some(parent) => load(ctx, parent).await.map(Some),
            None => Ok(None),
        }
    }

    /// The role of the author.
    fn role(&self) -> MessageRole {
        self.0.role.into()
    }

    /// The status.
    fn status(&self) -> MessageStatus {
        self.0.status.into()
    }

    /// The text of all text parts.
    fn text(&self) -> String {
        Part::text_of(&self.0.parts)
    }

    /// The parts in their order.
    fn parts(&self) -> Items<MessagePart> {
        parts(self.0.parts.clone())
    }

    /// All messages with the same parent, including this one, in the order of their creation.
    async fn siblings(&self, ctx: &Context<'_>) -> Result<Items<Message>> {
        let group = (self.0.thread_id, self.0.parent_id);
        let found = ctx.load(Siblings, group).await?.unwrap_or_default();
        Ok(found.into_iter().map(Message).collect())
    }

    /// The user who wrote the message; null for a message of a model.
    async fn author(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        match self.0.author_id {
            Some(author) => load(ctx, author).await.map(Some),
            None => Ok(None),
        }
    }

    /// The model of a response, as `provider/model`.
    fn model(&self) -> Option<&str> {
        self.0.model.as_deref()
    }

    /// The generation of a response; null for a message of a user.
    async fn generation(&self, ctx: &Context<'_>) -> Result<Option<Generation>> {
        load_opt(ctx, self.0.generation_id).await
    }

    /// The usage of the response; null until it finishes.
    fn usage(&self) -> Option<Usage> {
        self.0.usage.clone().map(Into::into)
    }

    /// Provider-specific fields.
    fn extra(&self) -> Option<Json<Value>> {
        self.0.extra_json().map(Json)
    }

    /// When it was created.
    fn created_at(&self) -> DateTime<Utc> {
        from_bson(self.0.created_at)
    }
}
