//! A flow.

use async_graphql::{Context, Enum, Object};
use chrono::{DateTime, Utc};
use triptych_entities::{ids::FlowId, relational::automation::flow};
use triptych_services::{
    automation::{flows::Flows, integrations::Start},
    page::PageArgs,
};

use super::{
    FlowVersion,
    loader::{Versions, Webhooks},
};
use crate::{
    automation::executions::{Execution, ExecutionFilter, executions_of_flow},
    connection::{Connection, page_args},
    context::ContextExt as _,
    conversations::generations::{UsageSummary, usage_of},
    errors::{ApiError, Result},
    identity::User,
    node::load,
    output::Id,
    selection::{self, Columnar},
};

/// The status of a flow.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
#[graphql(remote = "flow::Status")]
pub enum FlowStatus {
    /// Never published.
    Draft,
    /// Published: triggers start executions.
    Published,
    /// Paused: triggers are ignored until the flow is published again.
    Paused,
}

pub struct Flow(pub(crate) flow::Model);

impl Columnar for Flow {
    type Row = flow::Model;
    const READS: &'static [(&'static str, &'static [&'static str])] = &[
        ("draft", &["draft_version_id"]),
        ("published", &["published_version_id"]),
        ("versions", &["id"]),
        ("owner", &["owner_id"]),
        ("executions", &["id"]),
        ("webhookUrl", &["id", "draft_version_id"]),
        ("usage", &["id"]),
    ];
}

/// An automation: a trigger and the steps that follow it.
#[Object(crate = "crate::output")]
impl Flow {
    /// `flow_…`
    fn id(&self) -> Id<FlowId> {
        Id(self.0.id)
    }

    /// The name, 1 to 200 characters.
    fn name(&self) -> &str {
        &self.0.name
    }

    /// Notes about the flow, as Markdown.
    fn notes(&self) -> Option<&str> {
        self.0.notes.as_deref()
    }

    /// The status of the flow.
    fn status(&self) -> FlowStatus {
        self.0.status.into()
    }

    /// The version that is edited. Directly after publishing, it is the published version.
    async fn draft(&self, ctx: &Context<'_>) -> Result<FlowVersion> {
        load(ctx, self.0.draft_version_id).await
    }

    /// The version that triggers start; null if the flow was never published.
    async fn published(&self, ctx: &Context<'_>) -> Result<Option<FlowVersion>> {
        match self.0.published_version_id {
            Some(version) => load(ctx, version).await.map(Some),
            None => Ok(None),
        }
    }

    /// All versions that were published or executed, and the draft, newest first.
    async fn versions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The number of items from the start; default 20, maximum 100.")] first: Option<i32>,
        #[graphql(desc = "Returns items after this cursor.")] after: Option<String>,
        #[graphql(desc = "The number of items from the end; maximum 100.")] last: Option<i32>,
        #[graphql(desc = "Returns items before this cursor.")] before: Option<String>,
    ) -> Result<Connection<FlowVersion>> {
        let selection = selection::of_connection::<FlowVersion>(ctx);
        let args = PageArgs { selection, ..page_args(first, after, last, before) };
        let window = Flows::versions_window(&args)?;
        let page = ctx.load(Versions(window), self.0.id).await?;
        Ok(Connection::of(page.ok_or_else(|| ApiError::not_found("flow"))?, FlowVersion))
    }

    /// The owner.
    async fn owner(&self, ctx: &Context<'_>) -> Result<User> {
        load(ctx, self.0.owner_id).await
    }

    /// The executions of the flow, newest first.
    async fn executions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The filter.")] filter: Option<ExecutionFilter>,
        #[graphql(desc = "The number of items from the start; default 20, maximum 100.")] first: Option<i32>,
        #[graphql(desc = "Returns items after this cursor.")] after: Option<String>,
        #[graphql(desc = "The number of items from the end; maximum 100.")] last: Option<i32>,
        #[graphql(desc = "Returns items before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Execution>> {
        let selection = selection::of_connection::<Execution>(ctx);
        let args = PageArgs { selection, ..page_args(first, after, last, before) };
        Box::pin(executions_of_flow(ctx, self.0.id, filter, &args)).await
    }

    /// The URL of the webhook. A POST request to it starts the flow, while the flow is published; with `/sync` appended, it
    /// waits for the response. Null if the caller may not update flows, or the draft has no webhook trigger.
    async fn webhook_url(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let graph = super::load_graph(ctx, self.0.draft_version_id).await?;
        if !matches!(ctx.services().flows.start(&graph), Some(Start::Webhook(_))) {
            return Ok(None);
        }
        let webhook = ctx.load(Webhooks, self.0.id).await?;
        let base = &ctx.data_unchecked::<crate::PublicUrl>().0;
        Ok(webhook.map(|webhook| format!("{base}/webhooks/{}", webhook.token)))
    }

    /// The usage of the AI steps.
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
        self.0.created_at
    }

    /// When it was last changed, published or paused.
    fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }
}
