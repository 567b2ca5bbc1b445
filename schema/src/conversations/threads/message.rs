//! A message.

use async_graphql::{Context, Enum, ID, Json, Object};
use chrono::{DateTime, Utc};
use serde_json::Value;
use triptych_entities::documents::{
    conversations::{message, part::Part},
    from_bson,
};

use super::{
    Thread,
    loader::{FamilyAt, load_message, load_thread},
};
use crate::{
    context::ContextExt as _,
    conversations::generations::{Generation, MessagePart, Usage, generation_opt, parts},
    errors::Result,
    identity::{User, load_user},
};

/// Who speaks.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
#[graphql(remote = "message::Role")]
pub enum MessageRole {
    /// Whoever set the conversation up.
    System,
    /// A person.
    User,
    /// A model.
    Assistant,
    /// A tool.
    Tool,
}

/// How far a message is.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
#[graphql(remote = "message::Status")]
pub enum MessageStatus {
    /// An answer that is being written.
    Pending,
    /// It is whole.
    Completed,
    /// Somebody stopped it; what had come is kept.
    Aborted,
    /// It failed; what had come is kept.
    Failed,
}

pub struct Message(pub(crate) message::Message);

/// A node of a conversation's tree.
#[Object]
impl Message {
    /// `msg_…`
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The conversation.
    async fn thread(&self, ctx: &Context<'_>) -> Result<Thread> {
        load_thread(ctx, self.0.thread_id).await
    }

    /// What it follows; null for a first message.
    async fn parent(&self, ctx: &Context<'_>) -> Result<Option<Message>> {
        match self.0.parent_id {
            Some(parent) => load_message(ctx, parent).await.map(Some),
            None => Ok(None),
        }
    }

    /// Who speaks.
    async fn role(&self) -> MessageRole {
        self.0.role.into()
    }

    /// How far it is.
    async fn status(&self) -> MessageStatus {
        self.0.status.into()
    }

    /// The text of all text parts.
    async fn text(&self) -> String {
        Part::text_of(&self.0.parts)
    }

    /// All of it, in order.
    async fn parts(&self) -> Vec<MessagePart> {
        parts(self.0.parts.clone())
    }

    /// All messages at its place in the tree, itself among them, in the order in which they were made.
    async fn siblings(&self, ctx: &Context<'_>) -> Result<Vec<Message>> {
        let place = FamilyAt((self.0.thread_id, self.0.parent_id));
        let found = ctx.load(place).await?.unwrap_or_default();
        Ok(found.into_iter().map(Message).collect())
    }

    /// The person who wrote it; null for a model.
    async fn author(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        match self.0.author_id {
            Some(author) => load_user(ctx, author).await.map(Some),
            None => Ok(None),
        }
    }

    /// `provider/model` of an answer.
    async fn model(&self) -> Option<&str> {
        self.0.model.as_deref()
    }

    /// How the answer came about; null for a person's message.
    async fn generation(&self, ctx: &Context<'_>) -> Result<Option<Generation>> {
        generation_opt(ctx, self.0.generation_id).await
    }

    /// What the answer used; null until it ends.
    async fn usage(&self) -> Option<Usage> {
        self.0.usage.clone().map(Into::into)
    }

    /// Provider-specific fields, as they came.
    async fn extra(&self) -> Option<Json<Value>> {
        self.0.extra_json().map(Json)
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        from_bson(self.0.created_at)
    }
}
