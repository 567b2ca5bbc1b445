//! Talking.

use async_graphql::{Context, Object, SimpleObject};
use triptych_services::conversations::threads::{CreateThread, Sent, UpdateThread};

use super::{
    Message, Thread,
    input::{
        CreateThreadInput, EditMessageInput, RegenerateMessageInput, SendMessageInput, UpdateThreadInput,
    },
};
use crate::{
    context::{ContextExt as _, parse_id},
    conversations::generations::Generation,
    errors::Result,
};

/// A thread.
#[derive(SimpleObject)]
pub struct ThreadPayload {
    /// The thread.
    pub thread: Thread,
}

/// A message, and the answer that is being written to it. Follow it with `generationEvents`.
#[derive(SimpleObject)]
pub struct SendMessagePayload {
    /// The conversation.
    pub thread: Thread,
    /// What is answered.
    pub user_message: Message,
    /// The answer: empty until it is whole.
    pub assistant_message: Message,
    /// How the answer comes about.
    pub generation: Generation,
}

impl From<Sent> for SendMessagePayload {
    fn from(sent: Sent) -> Self {
        Self {
            thread: Thread(sent.thread),
            user_message: Message(sent.user_message),
            assistant_message: Message(sent.assistant_message),
            generation: Generation(sent.generation),
        }
    }
}

/// Mutations of threads.
#[derive(Default)]
pub struct ThreadMutation;

#[Object]
impl ThreadMutation {
    /// Makes an empty conversation.
    async fn create_thread(&self, ctx: &Context<'_>, input: CreateThreadInput) -> Result<ThreadPayload> {
        let CreateThreadInput { title, model, client_id } = input;
        let new = CreateThread { title, model, client_id };
        let thread = ctx.services().threads.create(ctx.actor()?, new).await?;
        Ok(ThreadPayload { thread: Thread(thread) })
    }

    /// Renames a conversation, puts it away, or changes its model.
    async fn update_thread(&self, ctx: &Context<'_>, input: UpdateThreadInput) -> Result<ThreadPayload> {
        let id = parse_id("threadId", &input.thread_id)?;
        let change = UpdateThread { title: input.title, archived: input.archived, model: input.model };
        let thread = ctx.services().threads.update(ctx.actor()?, id, change).await?;
        Ok(ThreadPayload { thread: Thread(thread) })
    }

    /// Sends a message and asks for an answer. While the thread is being answered: `CONFLICT`, with the
    /// `activeGenerationId`.
    async fn send_message(&self, ctx: &Context<'_>, input: SendMessageInput) -> Result<SendMessagePayload> {
        Ok(ctx.services().threads.send_message(ctx.actor()?, input.parse()?).await?.into())
    }

    /// Asks for another answer beside the one that is there.
    async fn regenerate_message(
        &self,
        ctx: &Context<'_>,
        input: RegenerateMessageInput,
    ) -> Result<SendMessagePayload> {
        Ok(ctx.services().threads.regenerate_message(ctx.actor()?, input.parse()?).await?.into())
    }

    /// Writes an earlier message anew: a branch beside the old one.
    async fn edit_message(&self, ctx: &Context<'_>, input: EditMessageInput) -> Result<SendMessagePayload> {
        Ok(ctx.services().threads.edit_message(ctx.actor()?, input.parse()?).await?.into())
    }
}
