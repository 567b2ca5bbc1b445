//! A thread.

use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use triptych_entities::documents::{conversations::thread, from_bson};
use triptych_services::conversations::threads::{self, Branch};

use super::{Message, loader::PageOf};
use crate::{
    connection::{Connection, page_args},
    context::ContextExt as _,
    conversations::generations::{Generation, UsageSummary, generation_opt, usage_of},
    errors::{ApiError, Result},
    identity::{User, load_user},
};

pub struct Thread(pub(crate) thread::Thread);

/// A conversation. Its messages are a tree; one branch of it is in view.
#[Object]
impl Thread {
    /// `thread_…`
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// 1 to 200 characters; the first words of its first message, unless it was given one.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// `provider/model` for messages that name none.
    async fn model(&self) -> Option<&str> {
        self.0.model.as_deref()
    }

    /// Who owns it.
    async fn owner(&self, ctx: &Context<'_>) -> Result<User> {
        load_user(ctx, self.0.owner_id).await
    }

    /// Whether it was put away.
    async fn archived(&self) -> bool {
        self.0.archived
    }

    /// The branch in view, oldest first.
    async fn messages(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the front; 20 unless told, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the back.")] last: Option<i32>,
        #[graphql(desc = "Go back before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Message>> {
        let window = threads::window(&page_args(first, after, last, before))?;
        let key = PageOf { branch: Branch::from(&self.0), window };
        let page = ctx.load(key).await?.ok_or_else(|| ApiError::not_found("thread"))?;
        Ok(Connection::of(page, Message))
    }

    /// The answer in progress; a thread has one at most.
    async fn active_generation(&self, ctx: &Context<'_>) -> Result<Option<Generation>> {
        generation_opt(ctx, self.0.active_generation_id).await
    }

    /// What its answers used.
    async fn usage(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "From this moment on.")] from: Option<DateTime<Utc>>,
        #[graphql(desc = "Up to but not including this moment.")] to: Option<DateTime<Utc>>,
    ) -> Result<UsageSummary> {
        usage_of(ctx, self.0.id, from, to).await
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        from_bson(self.0.created_at)
    }

    /// When something was last said in it.
    async fn last_message_at(&self) -> Option<DateTime<Utc>> {
        self.0.last_message_at.map(from_bson)
    }
}
