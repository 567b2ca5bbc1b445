//! The data loaders of executions and their steps.

use std::collections::HashMap;

use async_graphql::Context;
use serde_json::Value;
use triptych_entities::{
    ids::{ExecutionId, ExecutionStepId, FlowId},
    relational::automation::{execution, execution_step},
};
use triptych_services::{
    automation::executions,
    page::{Page, PageArgs, Window},
};

use super::{Execution, ExecutionFilter, ExecutionStep};
use crate::{
    connection::Connection,
    context::ContextExt as _,
    errors::{ApiError, Result},
    loaders::{Caller, Key, Loaded},
    node::{Fetched, NodeType},
};

impl NodeType for Execution {
    type Id = ExecutionId;
    type Row = execution::Model;
    const NOUN: &'static str = "execution";

    async fn fetch(caller: &Caller, ids: &[ExecutionId]) -> Fetched<Self::Row> {
        caller.services.executions.by_ids(&caller.actor, ids).await
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

    async fn fetch(caller: &Caller, ids: &[ExecutionStepId]) -> Fetched<Self::Row> {
        caller.services.executions.steps_by_ids(&caller.actor, ids).await
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

impl Key for TriggerOf {
    type Value = Value;

    async fn load(caller: &Caller, keys: &[Self]) -> Loaded<Self> {
        let ids: Vec<ExecutionId> = keys.iter().map(|key| key.0).collect();
        let triggers = caller.services.executions.triggers(&caller.actor, &ids).await?;
        Ok(triggers.into_iter().map(|(id, trigger)| (TriggerOf(id), trigger)).collect())
    }
}

/// The steps of an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct StepsOf(pub(crate) ExecutionId);

impl Key for StepsOf {
    type Value = Vec<execution_step::Model>;

    async fn load(caller: &Caller, keys: &[Self]) -> Loaded<Self> {
        let ids: Vec<ExecutionId> = keys.iter().map(|key| key.0).collect();
        let steps = caller.services.executions.steps_by_execution(&caller.actor, &ids).await?;
        Ok(steps.into_iter().map(|(id, steps)| (StepsOf(id), steps)).collect())
    }
}

/// A page of the executions of a flow. The same page of several flows is read with one statement.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct PageOf {
    flow: FlowId,
    filter: executions::ExecutionFilter,
    window: Window,
}

impl Key for PageOf {
    type Value = Page<execution::Model>;

    async fn load(caller: &Caller, keys: &[Self]) -> Loaded<Self> {
        let mut groups: HashMap<_, Vec<FlowId>> = HashMap::new();
        for key in keys {
            groups.entry((key.filter.clone(), key.window.clone())).or_default().push(key.flow);
        }
        let mut pages = HashMap::with_capacity(keys.len());
        for ((filter, window), flows) in groups {
            let found =
                caller.services.executions.list_by_flow(&caller.actor, &flows, &filter, &window).await?;
            pages.extend(
                found.into_iter().map(|(flow, page)| {
                    (PageOf { flow, filter: filter.clone(), window: window.clone() }, page)
                }),
            );
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
