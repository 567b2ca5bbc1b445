//! The data loaders of executions and their steps.

use async_graphql::Context;
use serde_json::Value;
use triptych_entities::{
    ids::{ExecutionId, ExecutionStepId, FlowId},
    relational::automation::{execution, execution_log, execution_step},
};
use triptych_services::{
    automation::executions,
    page::{Page, PageArgs, Selection, Window},
};

use super::{Execution, ExecutionFilter, ExecutionStep};
use crate::{
    connection::Connection,
    context::ContextExt as _,
    errors::{ApiError, Result},
    loaders::{Caller, Loaded, Loader},
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
#[derive(PartialEq)]
pub(crate) struct Triggers;

impl Loader for Triggers {
    type Id = ExecutionId;
    type Value = Value;

    async fn load(&self, caller: &Caller, executions: &[ExecutionId]) -> Loaded<Self> {
        caller.services.executions.triggers(&caller.actor, executions).await
    }
}

/// The steps of an execution.
#[derive(PartialEq)]
pub(crate) struct Steps(pub(crate) Selection);

impl Loader for Steps {
    type Id = ExecutionId;
    type Value = Vec<execution_step::Model>;

    async fn load(&self, caller: &Caller, executions: &[ExecutionId]) -> Loaded<Self> {
        caller.services.executions.steps_by_execution(&caller.actor, executions, &self.0).await
    }
}

/// A page of the log lines of a step.
#[derive(PartialEq)]
pub(crate) struct Logs(pub(crate) Window);

impl Loader for Logs {
    type Id = ExecutionStepId;
    type Value = Page<execution_log::Model>;

    async fn load(&self, caller: &Caller, steps: &[ExecutionStepId]) -> Loaded<Self> {
        caller.services.executions.logs_by_step(&caller.actor, steps, &self.0).await
    }
}

/// A page of the executions of a flow.
#[derive(PartialEq)]
struct OfFlow {
    filter: executions::ExecutionFilter,
    window: Window,
}

impl Loader for OfFlow {
    type Id = FlowId;
    type Value = Page<execution::Model>;

    async fn load(&self, caller: &Caller, flows: &[FlowId]) -> Loaded<Self> {
        let Self { filter, window } = self;
        caller.services.executions.list_by_flow(&caller.actor, flows, filter, window).await
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
    let page = OfFlow { filter, window: executions::ExecutionFilter::window(args)? };
    let page = ctx.load(page, flow).await?.ok_or_else(|| ApiError::not_found("flow"))?;
    Ok(Connection::of(page, Execution))
}
