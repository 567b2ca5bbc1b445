//! The data loaders of flows, versions, steps and credentials.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{Context, dataloader::Loader};
use triptych_entities::{
    ids::{FlowId, FlowVersionId, StepId},
    relational::automation::{flow, flow_version, step, webhook},
};
use triptych_services::{
    automation::flows::Graph,
    error::ServiceError,
    page::{Page, Window},
};

use super::{Flow, FlowVersion, Step};
use crate::{
    context::{Batch, ContextExt as _},
    errors::Result,
    node::{Fetched, NodeType},
};

impl NodeType for Flow {
    type Id = FlowId;
    type Row = flow::Model;
    const NOUN: &'static str = "flow";

    async fn fetch(batch: &Batch, ids: &[FlowId]) -> Fetched<Self::Row> {
        batch.services.flows.by_ids(&batch.actor, ids).await
    }

    fn id_of(row: &Self::Row) -> FlowId {
        row.id
    }

    fn new(row: Self::Row) -> Self {
        Self(row)
    }
}

impl NodeType for FlowVersion {
    type Id = FlowVersionId;
    type Row = flow_version::Model;
    const NOUN: &'static str = "version";

    async fn fetch(batch: &Batch, ids: &[FlowVersionId]) -> Fetched<Self::Row> {
        batch.services.flows.versions(&batch.actor, ids).await
    }

    fn id_of(row: &Self::Row) -> FlowVersionId {
        row.id
    }

    fn new(row: Self::Row) -> Self {
        Self(row)
    }
}

/// The graph of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct GraphOf(pub(crate) FlowVersionId);

impl Loader<GraphOf> for Batch {
    type Value = Arc<Arc<Graph>>;
    type Error = Arc<ServiceError>;

    async fn load(&self, keys: &[GraphOf]) -> Result<HashMap<GraphOf, Self::Value>, Self::Error> {
        let versions: Vec<FlowVersionId> = keys.iter().map(|key| key.0).collect();
        let graphs = self.services.flows.graphs(&self.actor, &versions).await?;
        Ok(graphs.into_iter().map(|(version, graph)| (GraphOf(version), Arc::new(graph))).collect())
    }
}

impl NodeType for Step {
    type Id = StepId;
    type Row = step::Model;
    const NOUN: &'static str = "step";

    async fn fetch(batch: &Batch, ids: &[StepId]) -> Fetched<Self::Row> {
        batch.services.flows.steps(&batch.actor, ids).await
    }

    fn id_of(row: &Self::Row) -> StepId {
        row.id
    }

    fn new(row: Self::Row) -> Self {
        row.into()
    }
}

/// The webhook of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct WebhookOf(pub(crate) FlowId);

impl Loader<WebhookOf> for Batch {
    type Value = Arc<webhook::Model>;
    type Error = Arc<ServiceError>;

    async fn load(&self, keys: &[WebhookOf]) -> Result<HashMap<WebhookOf, Self::Value>, Self::Error> {
        let flows: Vec<FlowId> = keys.iter().map(|key| key.0).collect();
        let webhooks = self.services.flows.webhooks(&self.actor, &flows).await?;
        Ok(webhooks.into_iter().map(|webhook| (WebhookOf(webhook.flow_id), Arc::new(webhook))).collect())
    }
}

/// A page of the versions of a flow. Flows that ask for the same page are answered by one statement.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct VersionsOf {
    pub(crate) flow: FlowId,
    pub(crate) window: Window,
}

impl Loader<VersionsOf> for Batch {
    type Value = Arc<Page<flow_version::Model>>;
    type Error = Arc<ServiceError>;

    async fn load(&self, keys: &[VersionsOf]) -> Result<HashMap<VersionsOf, Self::Value>, Self::Error> {
        let mut groups: HashMap<_, Vec<FlowId>> = HashMap::new();
        for key in keys {
            groups.entry(key.window.clone()).or_default().push(key.flow);
        }
        let mut pages = HashMap::with_capacity(keys.len());
        for (window, flows) in groups {
            let found = self.services.flows.versions_by_flow(&self.actor, &flows, &window).await?;
            pages.extend(
                found
                    .into_iter()
                    .map(|(flow, page)| (VersionsOf { flow, window: window.clone() }, Arc::new(page))),
            );
        }
        Ok(pages)
    }
}

pub(crate) async fn load_graph(ctx: &Context<'_>, id: FlowVersionId) -> Result<Arc<Graph>> {
    Ok(ctx.load(GraphOf(id)).await?.unwrap_or_default())
}
