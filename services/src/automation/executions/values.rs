//! The values that the templates of a step refer to. They are read when the step runs, without the others.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{ColumnTrait as _, QueryFilter as _, QuerySelect as _};
use serde_json::Value;
use triptych_entities::{
    ids::{ExecutionStepId, StepId},
    relational::automation::{
        execution,
        execution_step::{self, Column, Status},
    },
};
use triptych_stores::{
    access::{Action, Actor, Scope, Scoped as _, Subject},
    error::Result,
};

use super::{Claim, Executions};

/// What the templates of a step refer to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Needs {
    pub trigger: bool,
    pub outputs: Outputs,
}

/// Outputs of steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outputs {
    /// Of any step, as the key is known only when the template runs.
    All,
    /// Of the steps with these keys.
    Of(BTreeSet<String>),
}

impl Default for Outputs {
    fn default() -> Self {
        Self::Of(BTreeSet::new())
    }
}

/// The values of templates.
#[derive(Debug, Clone, Default)]
pub struct Values {
    pub trigger: Option<Value>,
    /// The outputs of the steps that have succeeded, by step key.
    pub outputs: HashMap<String, Value>,
}

impl Executions {
    /// Reads the values that a claimed step needs.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub async fn values(&self, claim: &Claim, needs: &Needs) -> Result<Values> {
        let trigger = if needs.trigger { self.trigger(claim).await? } else { None };
        let wanted: Option<Vec<StepId>> = match &needs.outputs {
            Outputs::All => None,
            Outputs::Of(keys) => {
                let wanted = claim.graph.steps.iter().filter(|step| keys.contains(&step.key));
                Some(wanted.map(|step| step.id).collect())
            }
        };
        if wanted.as_ref().is_some_and(Vec::is_empty) {
            return Ok(Values { trigger, outputs: HashMap::new() });
        }
        let mut query = execution_step::Entity::within(Scope::whole(claim.execution.organization_id))
            .select_only()
            .column(Column::StepId)
            .column(Column::Output)
            .filter(Column::ExecutionId.eq(claim.execution.id))
            .filter(Column::Status.eq(Status::Succeeded));
        if let Some(wanted) = wanted {
            query = query.filter(Column::StepId.is_in(wanted));
        }
        let rows: Vec<(StepId, Option<Value>)> = query.into_tuple().all(&self.stores.work).await?;
        let key = |id: StepId| Some(claim.graph.step(id)?.key.clone());
        let outputs = rows
            .into_iter()
            .filter_map(|(id, output)| Some((key(id)?, output.unwrap_or_default())))
            .collect();
        Ok(Values { trigger, outputs })
    }

    async fn trigger(&self, claim: &Claim) -> Result<Option<Value>> {
        let found: Option<Option<Value>> =
            execution::Entity::within(Scope::whole(claim.execution.organization_id))
                .select_only()
                .column(execution::Column::Trigger)
                .filter(execution::Column::Id.eq(claim.execution.id))
                .into_tuple()
                .one(&self.stores.work)
                .await?;
        Ok(found.flatten())
    }

    /// The output of a step that the caller can see. `None` if it has none, or does not exist any more.
    ///
    /// # Errors
    /// `Denied`, or if PostgreSQL does not answer.
    pub async fn output(&self, actor: &Actor, id: ExecutionStepId) -> Result<Option<Value>> {
        self.output_within(actor.scope(Action::Read, Subject::Execution)?, id).await
    }

    pub(super) async fn output_within(&self, scope: Scope, id: ExecutionStepId) -> Result<Option<Value>> {
        let found: Option<Option<Value>> = execution_step::Entity::within(scope)
            .select_only()
            .column(Column::Output)
            .filter(Column::Id.eq(id))
            .into_tuple()
            .one(&self.stores.work)
            .await?;
        Ok(found.flatten())
    }
}
