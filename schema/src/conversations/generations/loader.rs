//! The data loaders of generations and usage.

use std::marker::PhantomData;

use async_graphql::Context;
use chrono::{DateTime, Utc};
use triptych_entities::{
    documents::conversations::generation::{self, Origin},
    ids::{ExecutionStepId, GenerationId},
};
use triptych_services::conversations::generations::{self, Period, UsageBy};

use super::{Generation, UsageSummary};
use crate::{
    context::ContextExt as _,
    errors::Result,
    loaders::{Caller, Loaded, Loader},
    node::{Fetched, NodeType},
};

impl NodeType for Generation {
    type Id = GenerationId;
    type Row = generation::Generation;
    const NOUN: &'static str = "generation";

    async fn fetch(caller: &Caller, ids: &[GenerationId]) -> Fetched<Self::Row> {
        caller.services.generations.by_ids(&caller.actor, ids).await
    }

    fn id_of(row: &Self::Row) -> GenerationId {
        row.id
    }

    fn new(row: Self::Row) -> Self {
        Self(row)
    }
}

/// The generation of the run of a step.
#[derive(PartialEq)]
struct ByStep;

impl Loader for ByStep {
    type Id = ExecutionStepId;
    type Value = generation::Generation;

    async fn load(&self, caller: &Caller, steps: &[ExecutionStepId]) -> Loaded<Self> {
        let found = caller.services.generations.by_execution_steps(&caller.actor, steps).await?;
        Ok(found
            .into_iter()
            .filter_map(|generation| match generation.origin {
                Origin::Step { execution_step_id, .. } => Some((execution_step_id, generation)),
                Origin::Thread { .. } => None,
            })
            .collect())
    }
}

/// The generation of the run of a step, with any status.
pub(crate) async fn generation_of_step(
    ctx: &Context<'_>,
    step: ExecutionStepId,
) -> Result<Option<Generation>> {
    Ok(ctx.load(ByStep, step).await?.map(Generation))
}

/// The usage of a subject in a period.
#[derive(PartialEq)]
struct Usage<K>(Period, PhantomData<fn() -> K>);

impl<K: UsageBy> Loader for Usage<K> {
    type Id = K;
    type Value = generations::UsageSummary;

    async fn load(&self, caller: &Caller, subjects: &[K]) -> Loaded<Self> {
        let service = &caller.services.generations;
        Ok(service.usage_summary(caller.actor.organization, subjects, self.0).await?)
    }
}

/// What a flow, an execution or a thread that the caller has been given has used.
pub(crate) async fn usage_of<K: UsageBy>(
    ctx: &Context<'_>,
    id: K,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
) -> Result<UsageSummary> {
    let sum = ctx.load(Usage(Period { from, to }, PhantomData), id).await?;
    Ok(sum.unwrap_or_default().into())
}
