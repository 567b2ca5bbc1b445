//! The data loaders of generations and usage.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{Context, dataloader::Loader};
use chrono::{DateTime, Utc};
use triptych_entities::{
    documents::conversations::generation::{self, Origin},
    ids::{ExecutionStepId, GenerationId},
};
use triptych_services::{
    conversations::generations::{self, Period, UsageBy},
    error::ServiceError,
};

use super::{Generation, UsageSummary};
use crate::{
    context::{Batch, ContextExt as _},
    errors::Result,
    node::{Fetched, NodeType},
};

impl NodeType for Generation {
    type Id = GenerationId;
    type Row = generation::Generation;
    const NOUN: &'static str = "generation";

    async fn fetch(batch: &Batch, ids: &[GenerationId]) -> Fetched<Self::Row> {
        batch.services.generations.by_ids(&batch.actor, ids).await
    }

    fn id_of(row: &Self::Row) -> GenerationId {
        row.id
    }

    fn new(row: Self::Row) -> Self {
        Self(row)
    }
}

/// The key of the generation of the run of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct ByStep(ExecutionStepId);

impl Loader<ByStep> for Batch {
    type Value = Arc<generation::Generation>;
    type Error = Arc<ServiceError>;

    async fn load(&self, keys: &[ByStep]) -> Result<HashMap<ByStep, Self::Value>, Self::Error> {
        let steps: Vec<ExecutionStepId> = keys.iter().map(|key| key.0).collect();
        let found = self.services.generations.by_execution_steps(&self.actor, &steps).await?;
        Ok(found
            .into_iter()
            .filter_map(|generation| match generation.origin {
                Origin::Step { execution_step_id, .. } => {
                    Some((ByStep(execution_step_id), Arc::new(generation)))
                }
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
    Ok(ctx.load(ByStep(step)).await?.map(Generation))
}

/// The usage of a subject in a period. The usage of several subjects in the same period is read with one aggregation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct UsageOf<K>(K, Period);

impl<K: UsageBy> Loader<UsageOf<K>> for Batch {
    type Value = Arc<generations::UsageSummary>;
    type Error = Arc<ServiceError>;

    async fn load(&self, keys: &[UsageOf<K>]) -> Result<HashMap<UsageOf<K>, Self::Value>, Self::Error> {
        let mut groups: HashMap<Period, Vec<K>> = HashMap::new();
        for UsageOf(id, period) in keys {
            groups.entry(*period).or_default().push(*id);
        }
        let mut sums = HashMap::with_capacity(keys.len());
        for (period, ids) in groups {
            let service = &self.services.generations;
            let found = service
                .usage_summary(self.actor.organization, &ids, period)
                .await
                .map_err(ServiceError::from)?;
            sums.extend(found.into_iter().map(|(id, sum)| (UsageOf(id, period), Arc::new(sum))));
        }
        Ok(sums)
    }
}

/// What a flow, an execution or a thread that the caller has been given has used.
pub(crate) async fn usage_of<K: UsageBy>(
    ctx: &Context<'_>,
    id: K,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
) -> Result<UsageSummary> {
    let sum = ctx.load(UsageOf(id, Period { from, to })).await?;
    Ok(sum.unwrap_or_default().into())
}
