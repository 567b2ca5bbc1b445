//! The data loaders of flows, versions, steps and credentials.

use std::sync::Arc;

use async_graphql::Context;
use triptych_entities::{
    ids::{FlowId, FlowVersionId, StepId},
    relational::automation::{flow, flow_version, step, webhook},
};
use triptych_services::{
    automation::flows::Graph,
    page::{Page, Window},
};

use super::{Flow, FlowVersion, Step};
use crate::{
    context::ContextExt as _,
    errors::Result,
    loaders::{Caller, Loaded, Loader},
    node::{Fetched, NodeType},
};

impl NodeType for Flow {
    type Id = FlowId;
    type Row = flow::Model;
    const NOUN: &'static str = "flow";

    async fn fetch(caller: &Caller, ids: &[FlowId]) -> Fetched<Self::Row> {
        caller.services.flows.by_ids(&caller.actor, ids).await
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

    async fn fetch(caller: &Caller, ids: &[FlowVersionId]) -> Fetched<Self::Row> {
        caller.services.flows.versions(&caller.actor, ids).await
    }

    fn id_of(row: &Self::Row) -> FlowVersionId {
        row.id
    }

    fn new(row: Self::Row) -> Self {
        Self(row)
    }
}

/// The graph of a version.
#[derive(PartialEq)]
struct Graphs;

impl Loader for Graphs {
    type Id = FlowVersionId;
    type Value = Arc<Graph>;

    async fn load(&self, caller: &Caller, versions: &[FlowVersionId]) -> Loaded<Self> {
        caller.services.flows.graphs(&caller.actor, versions).await
    }
}

impl NodeType for Step {
    type Id = StepId;
    type Row = step::Model;
    const NOUN: &'static str = "step";

    async fn fetch(caller: &Caller, ids: &[StepId]) -> Fetched<Self::Row> {
        caller.services.flows.steps(&caller.actor, ids).await
    }

    fn id_of(row: &Self::Row) -> StepId {
        row.id
    }

    fn new(row: Self::Row) -> Self {
        row.into()
    }
}

/// The webhook of a flow.
#[derive(PartialEq)]
pub(crate) struct Webhooks;

impl Loader for Webhooks {
    type Id = FlowId;
    type Value = webhook::Model;

    async fn load(&self, caller: &Caller, flows: &[FlowId]) -> Loaded<Self> {
        let webhooks = caller.services.flows.webhooks(&caller.actor, flows).await?;
        Ok(webhooks.into_iter().map(|webhook| (webhook.flow_id, webhook)).collect())
    }
}

/// A page of the versions of a flow.
#[derive(PartialEq)]
pub(crate) struct Versions(pub(crate) Window);

impl Loader for Versions {
    type Id = FlowId;
    type Value = Page<flow_version::Model>;

    async fn load(&self, caller: &Caller, flows: &[FlowId]) -> Loaded<Self> {
        caller.services.flows.versions_by_flow(&caller.actor, flows, &self.0).await
    }
}

pub(crate) async fn load_graph(ctx: &Context<'_>, id: FlowVersionId) -> Result<Arc<Graph>> {
    Ok(ctx.load(Graphs, id).await?.unwrap_or_default())
}
