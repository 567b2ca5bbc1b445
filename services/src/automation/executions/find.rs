//! Reads the history.

use std::{collections::HashMap, sync::LazyLock};

use sea_orm::{ColumnTrait as _, IdenStatic as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use serde_json::Value;
use triptych_entities::{
    ids::{ExecutionId, ExecutionStepId, FlowId},
    relational::automation::{execution, execution_log, execution_step, flow},
};
use triptych_stores::{
    access::{Action, Actor, Scope, Scoped as _, Subject},
    error::{Invalid, Result, ServiceError},
    fetch::Fetch as _,
    ids::IdColumn as _,
    page::{
        Page, PageArgs, Selection, Window,
        rows::{Parents, Sorted},
    },
};

use super::{ExecutionFilter, Executions, list::NEWEST};

/// Log lines, oldest first.
static BY_TIME: LazyLock<Sorted<execution_log::Entity>> = LazyLock::new(|| {
    Sorted::oldest("logs", execution_log::Column::Id, |line: &execution_log::Model| line.id.into())
});

impl Executions {
    /// # Errors
    /// `NotFound`, also for another organization's execution.
    pub async fn get(&self, actor: &Actor, id: ExecutionId) -> Result<execution::Model> {
        self.by_ids(actor, &[id]).await?.pop().ok_or(ServiceError::NotFound("execution"))
    }

    /// Those of these executions that the caller can see, without the trigger's data.
    ///
    /// # Errors
    /// `Denied`, or if PostgreSQL does not answer.
    pub async fn by_ids(&self, actor: &Actor, ids: &[ExecutionId]) -> Result<Vec<execution::Model>> {
        let scope = actor.scope(Action::Read, Subject::Execution)?;
        let query = execution::Entity::within(scope).filter(execution::Column::Id.any_of(ids));
        Ok(query.fetch_columns(&self.stores.pg, execution::without_trigger()).await?)
    }

    /// A page of the executions that the caller can see, newest first, without the triggers' data.
    ///
    /// # Errors
    /// `Invalid` for wrong page arguments, `Denied`, or if PostgreSQL does not answer.
    pub async fn list(
        &self,
        actor: &Actor,
        filter: &ExecutionFilter,
        args: &PageArgs,
    ) -> Result<Page<execution::Model>> {
        let query = filter.narrow(execution::Entity::within(actor.scope(Action::Read, Subject::Execution)?));
        Ok(NEWEST.page(&self.stores.pg, query, &NEWEST.window(args)?).await?)
    }

    /// The same page of the executions of each of several flows, in one statement.
    ///
    /// # Errors
    /// `Denied`, or if PostgreSQL does not answer.
    pub async fn list_by_flow(
        &self,
        actor: &Actor,
        flows: &[FlowId],
        filter: &ExecutionFilter,
        window: &Window,
    ) -> Result<HashMap<FlowId, Page<execution::Model>>> {
        let query = filter.narrow(execution::Entity::within(actor.scope(Action::Read, Subject::Execution)?));
        let parents = Parents {
            column: execution::Column::FlowId,
            keys_descend: true,
            of: |execution: &execution::Model| execution.flow_id,
            ids: flows,
        };
        Ok(NEWEST.pages_of(&self.stores.pg, query, &parents, window).await?)
    }

    /// The data that started these executions.
    ///
    /// # Errors
    /// `Denied`, or if PostgreSQL does not answer.
    pub async fn triggers(&self, actor: &Actor, ids: &[ExecutionId]) -> Result<HashMap<ExecutionId, Value>> {
        let scope = actor.scope(Action::Read, Subject::Execution)?;
        let rows: Vec<(ExecutionId, Option<Value>)> = execution::Entity::within(scope)
            .select_only()
            .column(execution::Column::Id)
            .column(execution::Column::Trigger)
            .filter(execution::Column::Id.any_of(ids))
            .into_tuple()
            .all(&self.stores.pg)
            .await?;
        Ok(rows.into_iter().filter_map(|(id, trigger)| Some((id, trigger?))).collect())
    }

    /// The steps of several executions, each in the order in which they were created.
    ///
    /// # Errors
    /// `Denied`, or if PostgreSQL does not answer.
    pub async fn steps_by_execution(
        &self,
        actor: &Actor,
        executions: &[ExecutionId],
        selection: &Selection,
    ) -> Result<HashMap<ExecutionId, Vec<execution_step::Model>>> {
        let scope = actor.scope(Action::Read, Subject::Execution)?;
        let columns = [execution_step::Column::Id, execution_step::Column::ExecutionId];
        let rows = execution_step::Entity::within(scope)
            .filter(execution_step::Column::ExecutionId.any_of(executions))
            .order_by_asc(execution_step::Column::Id)
            .fetch_columns(
                &self.stores.pg,
                selection.with::<execution_step::Model>(columns.map(|column| column.as_str())),
            )
            .await?;
        let mut by_execution: HashMap<ExecutionId, Vec<execution_step::Model>> = HashMap::new();
        for row in rows {
            by_execution.entry(row.execution_id).or_default().push(row);
        }
        Ok(by_execution)
    }

    /// # Errors
    /// `Denied`, or if PostgreSQL does not answer.
    pub async fn steps_by_ids(
        &self,
        actor: &Actor,
        ids: &[ExecutionStepId],
    ) -> Result<Vec<execution_step::Model>> {
        let scope = actor.scope(Action::Read, Subject::Execution)?;
        Ok(execution_step::Entity::within(scope)
            .filter(execution_step::Column::Id.any_of(ids))
            .fetch(&self.stores.pg)
            .await?)
    }

    /// Checks the arguments of a page of a step's log lines.
    ///
    /// # Errors
    /// `Invalid`
    pub fn logs_window(args: &PageArgs) -> Result<Window, Invalid> {
        BY_TIME.window(args)
    }

    /// The same page of the log lines of each of several steps, oldest first, in one statement.
    ///
    /// # Errors
    /// `Denied`, or if PostgreSQL does not answer.
    pub async fn logs_by_step(
        &self,
        actor: &Actor,
        steps: &[ExecutionStepId],
        window: &Window,
    ) -> Result<HashMap<ExecutionStepId, Page<execution_log::Model>>> {
        let query = execution_log::Entity::within(actor.scope(Action::Read, Subject::Execution)?);
        let parents = Parents {
            column: execution_log::Column::ExecutionStepId,
            keys_descend: false,
            of: |line: &execution_log::Model| line.execution_step_id,
            ids: steps,
        };
        Ok(BY_TIME.pages_of(&self.stores.pg, query, &parents, window).await?)
    }

    /// A flow in the scope.
    pub(super) async fn flow(&self, scope: Scope, id: FlowId) -> Result<flow::Model> {
        flow::Entity::within(scope)
            .filter(flow::Column::Id.eq(id))
            .one(&self.stores.pg)
            .await?
            .ok_or(ServiceError::NotFound("flow"))
    }
}
