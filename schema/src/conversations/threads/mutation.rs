//! Mutations of threads.

use async_graphql::{Context, Object, SimpleObject};
use triptych_services::conversations::threads::{CreateThread, Sent, UpdateThread};

use super::{
    Message, Thread,
    input::{CreateThreadInput, DeleteThreadInput, UpdateThreadInput},
    send_input::{EditMessageInput, RegenerateMessageInput, SendMessageInput},
};
use crate::{
    context::{ContextExt as _, parse_id},
    conversations::generations::Generation,
    deletions::Deletion,
    errors::Result,
    payloads::DeletePayload,
};

/// A thread.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct ThreadPayload {
    /// The thread.
    pub thread: Thread,
}

/// A message and its pending response, which `generationEvents` follows.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct SendMessagePayload {
    /// The thread.
    pub thread: Thread,
    /// The message of the user.
    pub user_message: Message,
    /// The message with the response; empty until the response is complete.
    pub assistant_message: Message,
    /// The generation of the response.
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
    /// Creates an empty thread.
    async fn create_thread(&self, ctx: &Context<'_>, input: CreateThreadInput) -> Result<ThreadPayload> {
        let CreateThreadInput { title, model, client_id } = input;
        let new = CreateThread { title, model, client_id };
        let thread = ctx.services().threads.create(ctx.actor()?, new).await?;
        Ok(ThreadPayload { thread: Thread(thread) })
    }

    /// Updates the title, the model or the archived state of a thread.
    async fn update_thread(&self, ctx: &Context<'_>, input: UpdateThreadInput) -> Result<ThreadPayload> {
        let id = parse_id("threadId", &input.thread_id)?;
        let change = UpdateThread { title: input.title, archived: input.archived, model: input.model };
        let thread = ctx.services().threads.update(ctx.actor()?, id, change).await?;
        Ok(ThreadPayload { thread: Thread(thread) })
    }

    /// Deletes a thread with its messages and generations. The thread is gone at once, a response in progress is cancelled,
    /// and what is left is removed in the background. Usage is kept. Repeating it fails with `NOT_FOUND`.
    async fn delete_thread(&self, ctx: &Context<'_>, input: DeleteThreadInput) -> Result<DeletePayload> {
        let id = parse_id("threadId", &input.thread_id)?;
        let deletion = ctx.services().threads.delete(ctx.actor()?, id).await?;
        Ok(DeletePayload { deleted_id: input.thread_id, deletion: Some(Deletion(deletion)) })
    }

    /// Sends a message and requests a response. While the thread has a generation in progress, fails with `CONFLICT` and
    /// the extension `activeGenerationId`.
    async fn send_message(&self, ctx: &Context<'_>, input: SendMessageInput) -> Result<SendMessagePayload> {
        Ok(ctx.services().threads.send_message(ctx.actor()?, input.parse()?).await?.into())
    }

    /// Requests an alternative response to a message.
    async fn regenerate_message(
        &self,
        ctx: &Context<'_>,
        input: RegenerateMessageInput,
    ) -> Result<SendMessagePayload> {
        Ok(ctx.services().threads.regenerate_message(ctx.actor()?, input.parse()?).await?.into())
    }

    /// Creates an edited copy of a message as a new branch, and requests a response.
    async fn edit_message(&self, ctx: &Context<'_>, input: EditMessageInput) -> Result<SendMessagePayload> {
        Ok(ctx.services().threads.edit_message(ctx.actor()?, input.parse()?).await?.into())
    }
}
