//! A thread.

use async_graphql::{Context, Object};
use chrono::{DateTime, Utc};
use triptych_entities::{
    documents::{conversations::thread, from_bson},
    ids::ThreadId,
};
use triptych_services::conversations::threads::{self, Branch};

use super::{Message, loader::Messages};
use crate::{
    connection::{Connection, page_args},
    context::ContextExt as _,
    conversations::generations::{Generation, UsageSummary, usage_of},
    errors::{ApiError, Result},
    identity::User,
    node::{load, load_opt},
    output::Id,
};

pub struct Thread(pub(crate) thread::Thread);

/// A conversation. Its messages form a tree; one branch of it is current.
#[Object(crate = "crate::output")]
impl Thread {
    /// `thread_…`
    fn id(&self) -> Id<ThreadId> {
        Id(self.0.id)
    }

    /// The title, 1 to 200 characters. Default: the first words of the first message.
    fn title(&self) -> &str {
        &self.0.title
    }

    /// The default model of messages, as `provider/model`.
    fn model(&self) -> Option<&str> {
        self.0.model.as_deref()
    }

    /// The owner.
    async fn owner(&self, ctx: &Context<'_>) -> Result<User> {
        load(ctx, self.0.owner_id).await
    }

    /// Whether the thread is archived.
    fn archived(&self) -> bool {
        self.0.archived
    }

    /// The messages of the current branch, oldest first.
    async fn messages(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The number of items from the start; default 20, maximum 100.")] first: Option<i32>,
        #[graphql(desc = "Returns items after this cursor.")] after: Option<String>,
        #[graphql(desc = "The number of items from the end; maximum 100.")] last: Option<i32>,
        #[graphql(desc = "Returns items before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Message>> {
        let window = threads::window(&page_args(first, after, last, before))?;
        let page = ctx
            .load(Messages(window), Branch::from(&self.0))
            .await?
            .ok_or_else(|| ApiError::not_found("thread"))?;
        Ok(Connection::of(page, Message))
    }

    /// The generation in progress; a thread has at most one.
    async fn active_generation(&self, ctx: &Context<'_>) -> Result<Option<Generation>> {
        load_opt(ctx, self.0.active_generation_id).await
    }

    /// The usage of the generations.
    async fn usage(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The start of the period, inclusive.")] from: Option<DateTime<Utc>>,
        #[graphql(desc = "The end of the period, exclusive.")] to: Option<DateTime<Utc>>,
    ) -> Result<UsageSummary> {
        usage_of(ctx, self.0.id, from, to).await
    }

    /// When it was created.
    fn created_at(&self) -> DateTime<Utc> {
        from_bson(self.0.created_at)
    }

    /// When the last message was created.
    fn last_message_at(&self) -> Option<DateTime<Utc>> {
        self.0.last_message_at.map(from_bson)
    }
}
