//! Reads flows, and what belongs to many at once.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use sea_orm::{
    ColumnTrait as _, ConnectionTrait, QueryFilter as _, QuerySelect as _,
    sea_query::{Expr, ExprTrait as _, LockType, Query},
};
use triptych_entities::{
    ids::{FlowId, FlowVersionId, StepId, UserId},
    relational::automation::{execution, flow, flow_version, step, webhook},
};
use triptych_stores::{
    access::{Action, Actor, Scope, Scoped as _, Subject},
    error::{Invalid, Result, ServiceError, StoreError},
    fetch::Fetch as _,
    ids::IdColumn as _,
    page::{
        KeyKind, KeyValue, Page, PageArgs, Window,
        rows::{Parents, Sorted},
    },
    postgres::Transaction,
};

use super::{FlowFilter, FlowOrder, Flows, graph::Graph};

/// The versions of a flow, newest first.
static BY_NUMBER: LazyLock<Sorted<flow_version::Entity>> = LazyLock::new(|| {
    Sorted::new("versions", true).by_column(
        flow_version::Column::Number,
        KeyKind::Integer,
        |version: &flow_version::Model| KeyValue::Integer(version.number.into()),
    )
});

impl Flows {
    /// # Errors
    /// `NotFound`, also for another organization's flow.
    pub async fn get(&self, actor: &Actor, id: FlowId) -> Result<flow::Model> {
        self.by_ids(actor, &[id]).await?.pop().ok_or(ServiceError::NotFound("flow"))
    }

    /// Those of these flows that the caller can see.
    ///
    /// # Errors
    /// `Denied`, or if PostgreSQL does not answer.
    pub async fn by_ids(&self, actor: &Actor, ids: &[FlowId]) -> Result<Vec<flow::Model>> {
        let scope = actor.scope(Action::Read, Subject::Flow)?;
        let query = flow::Entity::within(scope).filter(flow::Column::Id.any_of(ids));
        Ok(query.fetch(&self.stores.pg).await?)
    }

    /// The owner of a flow, for work that is done on the owner's behalf.
    ///
    /// # Errors
    /// `NotFound` if the flow was deleted.
    pub async fn owner(&self, scope: Scope, id: FlowId) -> Result<UserId> {
        let query = flow::Entity::within(scope).filter(flow::Column::Id.eq(id));
        let flow = query.one(&self.stores.pg).await?.ok_or(ServiceError::NotFound("flow"))?;
        Ok(flow.owner_id)
    }

    /// A page of the flows that the caller can see.
    ///
    /// # Errors
    /// `Invalid` for wrong page arguments, `Denied`, or if PostgreSQL does not answer.
    pub async fn list(
        &self,
        actor: &Actor,
        filter: &FlowFilter,
        order: FlowOrder,
        args: &PageArgs,
    ) -> Result<Page<flow::Model>> {
        let query = filter.narrow(flow::Entity::within(actor.scope(Action::Read, Subject::Flow)?))?;
        let sorted = order.sorted();
        Ok(sorted.page(&self.stores.pg, query, &sorted.window(args)?).await?)
    }

    /// Versions by id.
    ///
    /// # Errors
    /// `Denied`, or if PostgreSQL does not answer.
    pub async fn versions(&self, actor: &Actor, ids: &[FlowVersionId]) -> Result<Vec<flow_version::Model>> {
        let scope = actor.scope(Action::Read, Subject::Flow)?;
        let query = flow_version::Entity::within(scope).filter(flow_version::Column::Id.any_of(ids));
        Ok(query.fetch(&self.stores.pg).await?)
    }

    /// Checks the arguments of a page of a flow's versions.
    ///
    /// # Errors
    /// `Invalid`
    pub fn versions_window(args: &PageArgs) -> Result<Window, Invalid> {
        BY_NUMBER.window(args)
    }

    /// The same page of the versions of each of several flows, newest first, in one statement.
    ///
    /// # Errors
    /// `Denied`, or if PostgreSQL does not answer.
    pub async fn versions_by_flow(
        &self,
        actor: &Actor,
        flows: &[FlowId],
        window: &Window,
    ) -> Result<HashMap<FlowId, Page<flow_version::Model>>> {
        let query = flow_version::Entity::within(actor.scope(Action::Read, Subject::Flow)?);
        let parents = Parents {
            column: flow_version::Column::FlowId,
            keys_descend: false,
            of: |version: &flow_version::Model| version.flow_id,
            ids: flows,
        };
        Ok(BY_NUMBER.pages_of(&self.stores.pg, query, &parents, window).await?)
    }

    /// The graphs of versions, in two statements for those that are not in memory yet.
    ///
    /// # Errors
    /// `Denied`, or if PostgreSQL does not answer.
    pub async fn graphs(
        &self,
        actor: &Actor,
        versions: &[FlowVersionId],
    ) -> Result<HashMap<FlowVersionId, Arc<Graph>>> {
        let scope = actor.scope(Action::Read, Subject::Flow)?;
        let mut graphs = self.graphs.load_many(&self.stores.pg, versions).await?;
        graphs.retain(|_, graph| {
            graph.steps.first().is_none_or(|step| step.organization_id == scope.organization())
        });
        if scope.owner().is_some() {
            let own: Vec<_> = self.versions(actor, versions).await?.into_iter().map(|row| row.id).collect();
            graphs.retain(|version, _| own.contains(version));
        }
        Ok(graphs)
    }

    /// Steps by id.
    ///
    /// # Errors
    /// `Denied`, or if PostgreSQL does not answer.
    pub async fn steps(&self, actor: &Actor, ids: &[StepId]) -> Result<Vec<step::Model>> {
        let scope = actor.scope(Action::Read, Subject::Flow)?;
        let query = step::Entity::within(scope).filter(step::Column::Id.any_of(ids));
        Ok(query.fetch(&self.stores.pg).await?)
    }

    /// The secret addresses of those of these flows that the caller may change.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub async fn webhooks(&self, actor: &Actor, flows: &[FlowId]) -> Result<Vec<webhook::Model>> {
        let Ok(scope) = actor.scope(Action::Update, Subject::Flow) else { return Ok(Vec::new()) };
        let query = webhook::Entity::within(scope).filter(webhook::Column::FlowId.any_of(flows));
        Ok(query.fetch(&self.stores.pg).await?)
    }
}

/// The flow, locked until the transaction ends. New executions of the flow do not wait for this lock.
pub(super) async fn for_update(tx: &Transaction, scope: Scope, id: FlowId) -> Result<flow::Model> {
    flow::Entity::within(scope)
        .filter(flow::Column::Id.eq(id))
        .lock(LockType::NoKeyUpdate)
        .one(tx)
        .await?
        .ok_or(ServiceError::NotFound("flow"))
}

/// Deletes a version that was neither run nor published.
pub(super) async fn delete_unused_version(
    tx: &impl ConnectionTrait,
    scope: Scope,
    version: FlowVersionId,
) -> Result<(), StoreError> {
    let runs = Query::select()
        .expr(Expr::val(1))
        .from(execution::Entity)
        .cond_where(Expr::col((execution::Entity, execution::Column::VersionId)).eq(version))
        .to_owned();
    flow_version::Entity::delete_within(scope)
        .filter(flow_version::Column::Id.eq(version))
        .filter(flow_version::Column::PublishedAt.is_null())
        .filter(Expr::exists(runs).not())
        .exec(tx)
        .await?;
    Ok(())
}
