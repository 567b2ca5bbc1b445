//! The data loaders of flows, versions, steps and credentials.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{Context, dataloader::Loader};
use triptych_entities::{
    ids::{CredentialId, FlowId, FlowVersionId, StepId},
    relational::automation::{credential, flow, flow_version, step, webhook},
};
use triptych_services::{automation::flows::Graph, error::ServiceError};

use super::{Flow, FlowVersion, Step};
use crate::{
    context::{Batch, ContextExt as _},
    errors::{ApiError, Result},
};

impl Loader<FlowId> for Batch {
    type Value = Arc<flow::Model>;
    type Error = Arc<ServiceError>;

    async fn load(&self, keys: &[FlowId]) -> Result<HashMap<FlowId, Self::Value>, Self::Error> {
        let flows = self.services.flows.by_ids(&self.actor, keys).await?;
        Ok(flows.into_iter().map(|flow| (flow.id, Arc::new(flow))).collect())
    }
}

impl Loader<FlowVersionId> for Batch {
    type Value = Arc<flow_version::Model>;
    type Error = Arc<ServiceError>;

    async fn load(&self, keys: &[FlowVersionId]) -> Result<HashMap<FlowVersionId, Self::Value>, Self::Error> {
        let versions = self.services.flows.versions(&self.actor, keys).await?;
        Ok(versions.into_iter().map(|version| (version.id, Arc::new(version))).collect())
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

impl Loader<StepId> for Batch {
    type Value = Arc<step::Model>;
    type Error = Arc<ServiceError>;

    async fn load(&self, keys: &[StepId]) -> Result<HashMap<StepId, Self::Value>, Self::Error> {
        let steps = self.services.flows.steps(&self.actor, keys).await?;
        Ok(steps.into_iter().map(|step| (step.id, Arc::new(step))).collect())
    }
}

impl Loader<CredentialId> for Batch {
    type Value = Arc<credential::Model>;
    type Error = Arc<ServiceError>;

    async fn load(&self, keys: &[CredentialId]) -> Result<HashMap<CredentialId, Self::Value>, Self::Error> {
        let credentials = self.services.credentials.by_ids(&self.actor, keys).await?;
        Ok(credentials.into_iter().map(|credential| (credential.id, Arc::new(credential))).collect())
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

pub(crate) async fn load_flow(ctx: &Context<'_>, id: FlowId) -> Result<Flow> {
    Ok(Flow(ctx.load(id).await?.ok_or_else(|| ApiError::not_found("flow"))?))
}

pub(crate) async fn load_version(ctx: &Context<'_>, id: FlowVersionId) -> Result<FlowVersion> {
    Ok(FlowVersion(ctx.load(id).await?.ok_or_else(|| ApiError::not_found("version"))?))
}

pub(crate) async fn load_graph(ctx: &Context<'_>, id: FlowVersionId) -> Result<Arc<Graph>> {
    Ok(ctx.load(GraphOf(id)).await?.unwrap_or_default())
}

pub(crate) async fn load_step(ctx: &Context<'_>, id: StepId) -> Result<Step> {
    Ok(Step::from(ctx.load(id).await?.ok_or_else(|| ApiError::not_found("step"))?))
}
