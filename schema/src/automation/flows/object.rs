//! A flow.

use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, Utc};
use triptych_entities::relational::automation::flow;
use triptych_services::automation::integrations::Start;

use super::{
    FlowVersion,
    loader::{WebhookOf, load_version},
};
use crate::{
    automation::executions::{Execution, ExecutionFilter, executions_of_flow},
    connection::{Connection, page_args},
    context::ContextExt as _,
    conversations::generations::{UsageSummary, usage_of},
    errors::Result,
    identity::{User, load_user},
};

/// Whether a flow's triggers are listened to.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
#[graphql(remote = "flow::Status")]
pub enum FlowStatus {
    /// Never published.
    Draft,
    /// Its triggers start executions.
    Published,
    /// Published once; its triggers are ignored until it is published again.
    Paused,
}

pub struct Flow(pub(crate) flow::Model);

/// What people automate: a trigger and the steps that follow it.
#[Object]
impl Flow {
    /// `flow_…`
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// 1 to 200 characters.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Whether its triggers are listened to.
    async fn status(&self) -> FlowStatus {
        self.0.status.into()
    }

    /// The version that is being edited. Right after publishing it is the published one.
    async fn draft(&self, ctx: &Context<'_>) -> Result<FlowVersion> {
        load_version(ctx, self.0.draft_version_id).await
    }

    /// The version that triggers start; null when it was never published.
    async fn published(&self, ctx: &Context<'_>) -> Result<Option<FlowVersion>> {
        match self.0.published_version_id {
            Some(version) => load_version(ctx, version).await.map(Some),
            None => Ok(None),
        }
    }

    /// Every version that was published or run, and the draft, newest first.
    async fn versions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the front; 20 unless told, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the back.")] last: Option<i32>,
        #[graphql(desc = "Go back before this cursor.")] before: Option<String>,
    ) -> Result<Connection<FlowVersion>> {
        let args = page_args(first, after, last, before);
        let page = Box::pin(ctx.services().flows.versions_of(ctx.actor()?, self.0.id, &args)).await?;
        Ok(Connection::of(page, FlowVersion))
    }

    /// Who owns it.
    async fn owner(&self, ctx: &Context<'_>) -> Result<User> {
        load_user(ctx, self.0.owner_id).await
    }

    /// Its executions, newest first.
    async fn executions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "All that is given must hold.")] filter: Option<ExecutionFilter>,
        #[graphql(desc = "How many from the front; 20 unless told, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the back.")] last: Option<i32>,
        #[graphql(desc = "Go back before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Execution>> {
        Box::pin(executions_of_flow(ctx, self.0.id, filter, &page_args(first, after, last, before))).await
    }

    /// The address that starts the flow: POST to it, or to it with `/sync` to wait for the answer. Works while the
    /// flow is published. Null for those who may not change flows, and when the draft has no webhook trigger.
    async fn webhook_url(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let graph = super::load_graph(ctx, self.0.draft_version_id).await?;
        if !matches!(ctx.services().flows.start(&graph), Some(Start::Webhook(_))) {
            return Ok(None);
        }
        let webhook = ctx.load(WebhookOf(self.0.id)).await?;
        let base = &ctx.data_unchecked::<crate::PublicUrl>().0;
        Ok(webhook.map(|webhook| format!("{base}/webhooks/{}", webhook.token)))
    }

    /// What its AI steps used.
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
        self.0.created_at
    }

    /// When it was last changed, published or paused.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }
}
