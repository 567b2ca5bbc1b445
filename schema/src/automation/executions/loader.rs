//! The data loaders of executions and their steps.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{Context, dataloader::Loader};
use serde_json::Value;
use triptych_entities::{
    ids::{ExecutionId, ExecutionStepId, FlowId, GenerationId},
    relational::automation::{execution, execution_step},
};
use triptych_services::{
    automation::executions,
    error::ServiceError,
    page::{Page, PageArgs, Window},
};

use super::{Execution, ExecutionFilter, ExecutionStep};
use crate::{
    connection::Connection,
    context::{Batch, ContextExt as _},
    errors::{ApiError, Result},
    node::{Fetched, NodeType},
};

type Shared = Arc<ServiceError>;

impl NodeType for Execution {
    type Id = ExecutionId;
    type Row = execution::Model;
    const NOUN: &'static str = "execution";

    async fn fetch(batch: &Batch, ids: &[ExecutionId]) -> Fetched<Self::Row> {
        batch.services.executions.by_ids(&batch.actor, ids).await
    }

    fn id_of(row: &Self::Row) -> ExecutionId {
        row.id
    }

    fn new(row: Self::Row) -> Self {
        Self(row)
    }
}

impl NodeType for ExecutionStep {
    type Id = ExecutionStepId;
    type Row = execution_step::Model;
    const NOUN: &'static str = "execution step";

    async fn fetch(batch: &Batch, ids: &[ExecutionStepId]) -> Fetched<Self::Row> {
        batch.services.executions.steps_by_ids(&batch.actor, ids).await
    }

    fn id_of(row: &Self::Row) -> ExecutionStepId {
        row.id
    }

    fn new(row: Self::Row) -> Self {
        Self(row)
    }
}

/// The trigger of an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TriggerOf(pub(crate) ExecutionId);

impl Loader<TriggerOf> for Batch {
    type Value = Arc<Value>;
    type Error = Shared;

    async fn load(&self, keys: &[TriggerOf]) -> Result<HashMap<TriggerOf, Self::Value>, Shared> {
        let ids: Vec<ExecutionId> = keys.iter().map(|key| key.0).collect();
        let triggers = self.services.executions.triggers(&self.actor, &ids).await?;
        Ok(triggers.into_iter().map(|(id, trigger)| (TriggerOf(id), Arc::new(trigger))).collect())
    }
}

/// The steps of an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct StepsOf(pub(crate) ExecutionId);

impl Loader<StepsOf> for Batch {
    type Value = Arc<Vec<execution_step::Model>>;
    type Error = Shared;

    async fn load(&self, keys: &[StepsOf]) -> Result<HashMap<StepsOf, Self::Value>, Shared> {
        let ids: Vec<ExecutionId> = keys.iter().map(|key| key.0).collect();
        let steps = self.services.executions.steps_by_execution(&self.actor, &ids).await?;
        Ok(steps.into_iter().map(|(id, steps)| (StepsOf(id), Arc::new(steps))).collect())
    }
}

/// The step that requested a generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct RequestingStep(pub(crate) GenerationId);

impl Loader<RequestingStep> for Batch {
    type Value = Arc<execution_step::Model>;
    type Error = Shared;

    async fn load(&self, keys: &[RequestingStep]) -> Result<HashMap<RequestingStep, Self::Value>, Shared> {
        let ids: Vec<GenerationId> = keys.iter().map(|key| key.0).collect();
        let steps = self.services.executions.steps_by_generation(&self.actor, &ids).await?;
        Ok(steps.into_iter().map(|(id, step)| (RequestingStep(id), Arc::new(step))).collect())
    }
}

/// A page of the executions of a flow. The same page of several flows is read with one statement.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct PageOf {
    flow: FlowId,
    filter: executions::ExecutionFilter,
    window: Window,
}

impl Loader<PageOf> for Batch {
    type Value = Arc<Page<execution::Model>>;
    type Error = Shared;

    async fn load(&self, keys: &[PageOf]) -> Result<HashMap<PageOf, Self::Value>, Shared> {
        let mut groups: HashMap<_, Vec<FlowId>> = HashMap::new();
        for key in keys {
            groups.entry((key.filter.clone(), key.window.clone())).or_default().push(key.flow);
        }
        let mut pages = HashMap::with_capacity(keys.len());
        for ((filter, window), flows) in groups {
            let found = self.services.executions.list_by_flow(&self.actor, &flows, &filter, &window).await?;
            pages.extend(found.into_iter().map(|(flow, page)| {
                (PageOf { flow, filter: filter.clone(), window: window.clone() }, Arc::new(page))
            }));
        }
        Ok(pages)
    }
}

/// A flow's executions, newest first.
pub(crate) async fn executions_of_flow(
    ctx: &Context<'_>,
    flow: FlowId,
    filter: Option<ExecutionFilter>,
    args: &PageArgs,
) -> Result<Connection<Execution>> {
    let filter = filter.unwrap_or_default().parse()?;
    let key = PageOf { flow, filter, window: executions::ExecutionFilter::window(args)? };
    let page = ctx.load(key).await?.ok_or_else(|| ApiError::not_found("flow"))?;
    Ok(Connection::of(page, Execution))
}
