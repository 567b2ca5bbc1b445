//! Reading the history. Lists are keyset pages over ids, newest first, on an index for each filter.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait as _, Condition, DbBackend, EntityTrait as _, FromQueryResult, Order, PaginatorTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _, Select,
    sea_query::{Alias, Expr, ExprTrait as _, Query},
};
use serde_json::Value;
use triptych_entities::{
    ids::{ExecutionId, ExecutionStepId, FlowId, GenerationId, OrganizationId},
    relational::automation::{execution, execution_log, execution_step, flow, step},
};
use triptych_stores::{
    access::{Action, Actor, Subject},
    error::StoreError,
    page::{Page, Window},
};
use uuid::Uuid;

use super::{ExecutionError, Executions};

/// What a list of executions is narrowed to. All that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ExecutionFilter {
    pub flow: Option<FlowId>,
    /// One of these.
    pub status: Option<Vec<execution::Status>>,
    /// Executions of versions that use this integration.
    pub integration: Option<String>,
    pub test: Option<bool>,
    pub from: Option<DateTime<Utc>>,
    /// Exclusive.
    pub to: Option<DateTime<Utc>>,
}

impl Executions {
    /// # Errors
    /// `NotFound` also for another organization's execution.
    pub async fn get(&self, actor: &Actor, id: ExecutionId) -> Result<execution::Model, ExecutionError> {
        let found = self.by_ids(actor, &[id]).await?;
        found.into_iter().next().ok_or(ExecutionError::NotFound)
    }

    /// Those of these executions that the caller can see, without the trigger's data.
    ///
    /// # Errors
    /// `Denied`, or if PostgreSQL does not answer.
    pub async fn by_ids(
        &self,
        actor: &Actor,
        ids: &[ExecutionId],
    ) -> Result<Vec<execution::Model>, ExecutionError> {
        actor.require(Action::Read, Subject::Execution)?;
        Ok(light(actor.organization)
            .filter(execution::Column::Id.is_in(ids.iter().copied()))
            .all(&self.stores.pg)
            .await?)
    }

    /// A page of the organization's executions, newest first, without the triggers' data.
    ///
    /// # Errors
    /// `Denied`, or if PostgreSQL does not answer.
    pub async fn list(
        &self,
        actor: &Actor,
        filter: &ExecutionFilter,
        window: &Window<Uuid>,
    ) -> Result<Page<execution::Model>, ExecutionError> {
        actor.require(Action::Read, Subject::Execution)?;
        let query = windowed(narrowed(light(actor.organization), filter), window);
        let rows = query.all(&self.stores.pg).await?;
        Ok(Page::from_fetched(window, rows))
    }

    /// # Errors
    /// `Denied`, or if PostgreSQL does not answer.
    pub async fn count(&self, actor: &Actor, filter: &ExecutionFilter) -> Result<u64, ExecutionError> {
        actor.require(Action::Read, Subject::Execution)?;
        Ok(narrowed(light(actor.organization), filter).count(&self.stores.pg).await?)
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
        window: &Window<Uuid>,
    ) -> Result<HashMap<FlowId, Page<execution::Model>>, ExecutionError> {
        actor.require(Action::Read, Subject::Execution)?;
        let (parent, page) = (Alias::new("parent"), Alias::new("page"));
        // For each flow, one descent of the index (flow_id, id DESC) that stops after the page's rows.
        let mut inner = windowed(narrowed(light(actor.organization), filter), window).into_query();
        inner.and_where(
            Expr::col((execution::Entity, execution::Column::FlowId))
                .equals((parent.clone(), Alias::new("id"))),
        );
        let query = Query::select()
            .column((page.clone(), sea_orm::sea_query::Asterisk))
            .from_subquery(
                Query::select()
                    .expr_as(
                        Expr::cust_with_values(
                            "unnest($1::uuid[])",
                            [flows.iter().map(|id| id.0).collect::<Vec<_>>()],
                        ),
                        Alias::new("id"),
                    )
                    .to_owned(),
                parent,
            )
            .join_lateral(sea_orm::sea_query::JoinType::InnerJoin, inner, page, Condition::all())
            .to_owned();
        let statement = DbBackend::Postgres.build(&query);
        let rows = execution::Model::find_by_statement(statement).all(&self.stores.pg).await?;
        let mut by_flow: HashMap<FlowId, Vec<execution::Model>> = HashMap::new();
        for row in rows {
            by_flow.entry(row.flow_id).or_default().push(row);
        }
        Ok(flows
            .iter()
            .map(|flow| (*flow, Page::from_fetched(window, by_flow.remove(flow).unwrap_or_default())))
            .collect())
    }

    /// What started these executions.
    ///
    /// # Errors
    /// `Denied`, or if PostgreSQL does not answer.
    pub async fn triggers(
        &self,
        actor: &Actor,
        ids: &[ExecutionId],
    ) -> Result<HashMap<ExecutionId, Value>, ExecutionError> {
        actor.require(Action::Read, Subject::Execution)?;
        let rows: Vec<(ExecutionId, Option<Value>)> = execution::Entity::find()
            .select_only()
            .column(execution::Column::Id)
            .column(execution::Column::Trigger)
            .filter(execution::Column::OrganizationId.eq(actor.organization))
            .filter(execution::Column::Id.is_in(ids.iter().copied()))
            .into_tuple()
            .all(&self.stores.pg)
            .await?;
        Ok(rows.into_iter().filter_map(|(id, trigger)| Some((id, trigger?))).collect())
    }

    /// The steps of several executions, each in the order in which they came about.
    ///
    /// # Errors
    /// `Denied`, or if PostgreSQL does not answer.
    pub async fn steps_by_execution(
        &self,
        actor: &Actor,
        executions: &[ExecutionId],
    ) -> Result<HashMap<ExecutionId, Vec<execution_step::Model>>, ExecutionError> {
        actor.require(Action::Read, Subject::Execution)?;
        let rows = execution_step::Entity::find()
            .filter(execution_step::Column::OrganizationId.eq(actor.organization))
            .filter(execution_step::Column::ExecutionId.is_in(executions.iter().copied()))
            .order_by_asc(execution_step::Column::Id)
            .all(&self.stores.pg)
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
    ) -> Result<Vec<execution_step::Model>, ExecutionError> {
        actor.require(Action::Read, Subject::Execution)?;
        Ok(execution_step::Entity::find()
            .filter(execution_step::Column::OrganizationId.eq(actor.organization))
            .filter(execution_step::Column::Id.is_in(ids.iter().copied()))
            .all(&self.stores.pg)
            .await?)
    }

    /// The steps behind generations.
    ///
    /// # Errors
    /// `Denied`, or if PostgreSQL does not answer.
    pub async fn steps_by_generation(
        &self,
        actor: &Actor,
        generations: &[GenerationId],
    ) -> Result<HashMap<GenerationId, execution_step::Model>, ExecutionError> {
        actor.require(Action::Read, Subject::Execution)?;
        let rows = execution_step::Entity::find()
            .filter(execution_step::Column::OrganizationId.eq(actor.organization))
            .filter(execution_step::Column::GenerationId.is_in(generations.iter().copied()))
            .all(&self.stores.pg)
            .await?;
        Ok(rows.into_iter().filter_map(|row| Some((row.generation_id?, row))).collect())
    }

    /// A page of what a step logged, oldest first.
    ///
    /// # Errors
    /// `Denied`, or if PostgreSQL does not answer.
    pub async fn logs(
        &self,
        actor: &Actor,
        step: ExecutionStepId,
        window: &Window<Uuid>,
    ) -> Result<Page<execution_log::Model>, ExecutionError> {
        actor.require(Action::Read, Subject::Execution)?;
        let mut query = execution_log::Entity::find()
            .filter(execution_log::Column::OrganizationId.eq(actor.organization))
            .filter(execution_log::Column::ExecutionStepId.eq(step));
        if let Some(after) = window.after {
            query = query.filter(execution_log::Column::Id.gt(after));
        }
        if let Some(before) = window.before {
            query = query.filter(execution_log::Column::Id.lt(before));
        }
        let direction = if window.backward { Order::Desc } else { Order::Asc };
        let rows = query
            .order_by(execution_log::Column::Id, direction)
            .limit(window.fetch())
            .all(&self.stores.pg)
            .await?;
        Ok(Page::from_fetched(window, rows))
    }

    /// How many lines a step logged.
    ///
    /// # Errors
    /// `Denied`, or if PostgreSQL does not answer.
    pub async fn count_logs(&self, actor: &Actor, step: ExecutionStepId) -> Result<u64, ExecutionError> {
        actor.require(Action::Read, Subject::Execution)?;
        Ok(execution_log::Entity::find()
            .filter(execution_log::Column::OrganizationId.eq(actor.organization))
            .filter(execution_log::Column::ExecutionStepId.eq(step))
            .count(&self.stores.pg)
            .await?)
    }

    /// The flow of an execution, or the flow that is to be run.
    pub(super) async fn flow(&self, actor: &Actor, id: FlowId) -> Result<flow::Model, ExecutionError> {
        flow::Entity::find_by_id(id)
            .filter(flow::Column::OrganizationId.eq(actor.organization))
            .one(&self.stores.pg)
            .await
            .map_err(StoreError::from)?
            .ok_or(ExecutionError::NotFound)
    }
}

/// An execution's own columns. What started it can be large and is fetched only when it is asked for.
fn light(organization: OrganizationId) -> Select<execution::Entity> {
    use sea_orm::Iterable as _;
    let mut query =
        execution::Entity::find().select_only().filter(execution::Column::OrganizationId.eq(organization));
    for column in execution::Column::iter() {
        query = match column {
            execution::Column::Trigger => query.expr_as(Expr::cust("NULL::jsonb"), "trigger"),
            other => query.column(other),
        };
    }
    query
}

fn narrowed(mut query: Select<execution::Entity>, filter: &ExecutionFilter) -> Select<execution::Entity> {
    if let Some(flow) = filter.flow {
        query = query.filter(execution::Column::FlowId.eq(flow));
    }
    if let Some(status) = &filter.status {
        query = query.filter(execution::Column::Status.is_in(status.iter().copied()));
    }
    if let Some(test) = filter.test {
        query = query.filter(execution::Column::Test.eq(test));
    }
    // An id begins with its time, so a range of time is a range of the index that the list walks anyway.
    if let Some(from) = filter.from {
        query = query.filter(execution::Column::Id.gte(first_id_at(from)));
    }
    if let Some(to) = filter.to {
        query = query.filter(execution::Column::Id.lt(first_id_at(to)));
    }
    if let Some(integration) = &filter.integration {
        let using = Query::select()
            .expr(Expr::val(1))
            .from(step::Entity)
            .and_where(
                Expr::col((step::Entity, step::Column::VersionId))
                    .equals((execution::Entity, execution::Column::VersionId)),
            )
            .and_where(Expr::col((step::Entity, step::Column::Integration)).eq(integration.as_str()))
            .to_owned();
        query = query.filter(Expr::exists(using));
    }
    query
}

fn windowed(mut query: Select<execution::Entity>, window: &Window<Uuid>) -> Select<execution::Entity> {
    if let Some(after) = window.after {
        query = query.filter(execution::Column::Id.lt(after));
    }
    if let Some(before) = window.before {
        query = query.filter(execution::Column::Id.gt(before));
    }
    let direction = if window.backward { Order::Asc } else { Order::Desc };
    query.order_by(execution::Column::Id, direction).limit(window.fetch())
}

/// The smallest `UUIDv7` of a millisecond.
fn first_id_at(at: DateTime<Utc>) -> Uuid {
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or_default();
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
    Uuid::from_bytes(bytes)
}
