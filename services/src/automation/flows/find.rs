//! Reading flows: one, a page of them, and what belongs to many at once.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait as _, Order,
    PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, Select, Value,
    sea_query::{Expr, ExprTrait as _, Func, LockType, Query, SimpleExpr, extension::postgres::PgExpr as _},
};
use serde::{Deserialize, Serialize};
use triptych_entities::{
    ids::{FlowId, FlowVersionId, Id as _, OrganizationId, UserId},
    relational::automation::{credential, execution, flow, flow_version, step, webhook},
};
use triptych_stores::{
    access::{Action, Actor, Reach, Subject},
    error::StoreError,
    page::{Page, Window},
};
use uuid::Uuid;

use super::{FlowError, Flows, graph::Graph};

/// What a list of flows is narrowed to. All that is given must hold.
#[derive(Debug, Clone, Default)]
pub struct FlowFilter {
    /// Part of the name, whatever its case.
    pub search: Option<String>,
    pub status: Option<flow::Status>,
    /// Flows whose draft uses this integration.
    pub integration: Option<String>,
    pub owner: Option<UserId>,
}

/// What a list of flows is sorted by. The id decides between equals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FlowSort {
    #[default]
    CreatedAt,
    UpdatedAt,
    Name,
}

/// A sort and its direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlowOrder {
    pub by: FlowSort,
    pub descending: bool,
}

impl Default for FlowOrder {
    fn default() -> Self {
        Self { by: FlowSort::CreatedAt, descending: true }
    }
}

/// Where a flow stands in a list: the value it is sorted by, and its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowKey(pub SortValue, pub Uuid);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SortValue {
    Time(DateTime<Utc>),
    Text(String),
}

impl FlowOrder {
    /// The key of a flow in a list of this order.
    #[must_use]
    pub fn key(self, flow: &flow::Model) -> FlowKey {
        let value = match self.by {
            FlowSort::CreatedAt => SortValue::Time(flow.created_at),
            FlowSort::UpdatedAt => SortValue::Time(flow.updated_at),
            FlowSort::Name => SortValue::Text(flow.name.to_lowercase()),
        };
        FlowKey(value, flow.id.uuid())
    }

    fn expression(self) -> SimpleExpr {
        match self.by {
            FlowSort::CreatedAt => Expr::col((flow::Entity, flow::Column::CreatedAt)),
            FlowSort::UpdatedAt => Expr::col((flow::Entity, flow::Column::UpdatedAt)),
            FlowSort::Name => Func::lower(Expr::col((flow::Entity, flow::Column::Name))).into(),
        }
    }
}

impl From<SortValue> for Value {
    fn from(value: SortValue) -> Self {
        match value {
            SortValue::Time(at) => at.into(),
            SortValue::Text(text) => text.into(),
        }
    }
}

impl Flows {
    /// # Errors
    /// `NotFound` also for another organization's flow.
    pub async fn get(&self, actor: &Actor, id: FlowId) -> Result<flow::Model, FlowError> {
        let flows = self.by_ids(actor, &[id]).await?;
        flows.into_iter().next().ok_or(FlowError::NotFound)
    }

    /// Those of these flows that the caller can see.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub async fn by_ids(&self, actor: &Actor, ids: &[FlowId]) -> Result<Vec<flow::Model>, FlowError> {
        let reach = actor.require(Action::Read, Subject::Flow)?;
        let query = visible(actor.organization, reach).filter(flow::Column::Id.is_in(ids.iter().copied()));
        Ok(query.all(&self.stores.pg).await?)
    }

    /// Whose flow it is, for work that is done on its owner's behalf.
    ///
    /// # Errors
    /// `NotFound` when the flow was deleted meanwhile.
    pub async fn owner(&self, id: FlowId) -> Result<UserId, FlowError> {
        let flow = flow::Entity::find_by_id(id).one(&self.stores.pg).await?;
        Ok(flow.ok_or(FlowError::NotFound)?.owner_id)
    }

    /// A page of the organization's flows.
    ///
    /// # Errors
    /// `Denied`, or if PostgreSQL does not answer.
    pub async fn list(
        &self,
        actor: &Actor,
        filter: &FlowFilter,
        order: FlowOrder,
        window: &Window<FlowKey>,
    ) -> Result<Page<flow::Model>, FlowError> {
        let reach = actor.require(Action::Read, Subject::Flow)?;
        let mut query = narrowed(visible(actor.organization, reach), filter);
        let key = || Expr::tuple([order.expression(), Expr::col((flow::Entity, flow::Column::Id))]);
        let bound = |FlowKey(value, id): FlowKey| Expr::tuple([Expr::val(Value::from(value)), Expr::val(id)]);
        if let Some(after) = window.after.clone() {
            let after = bound(after);
            query = query.filter(if order.descending { key().lt(after) } else { key().gt(after) });
        }
        if let Some(before) = window.before.clone() {
            let before = bound(before);
            query = query.filter(if order.descending { key().gt(before) } else { key().lt(before) });
        }
        let direction = if order.descending == window.backward { Order::Asc } else { Order::Desc };
        let rows = query
            .order_by(order.expression(), direction.clone())
            .order_by(flow::Column::Id, direction)
            .limit(window.fetch())
            .all(&self.stores.pg)
            .await?;
        Ok(Page::from_fetched(window, rows))
    }

    /// How many flows the filter leaves.
    ///
    /// # Errors
    /// `Denied`, or if PostgreSQL does not answer.
    pub async fn count(&self, actor: &Actor, filter: &FlowFilter) -> Result<u64, FlowError> {
        let reach = actor.require(Action::Read, Subject::Flow)?;
        Ok(narrowed(visible(actor.organization, reach), filter).count(&self.stores.pg).await?)
    }

    /// Versions by id, within the caller's organization.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub async fn versions(
        &self,
        actor: &Actor,
        ids: &[FlowVersionId],
    ) -> Result<Vec<flow_version::Model>, FlowError> {
        actor.require(Action::Read, Subject::Flow)?;
        Ok(flow_version::Entity::find()
            .filter(flow_version::Column::OrganizationId.eq(actor.organization))
            .filter(flow_version::Column::Id.is_in(ids.iter().copied()))
            .all(&self.stores.pg)
            .await?)
    }

    /// A page of a flow's versions, newest first.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub async fn versions_of(
        &self,
        actor: &Actor,
        flow: FlowId,
        window: &Window<i32>,
    ) -> Result<Page<flow_version::Model>, FlowError> {
        actor.require(Action::Read, Subject::Flow)?;
        let mut query = flow_version::Entity::find()
            .filter(flow_version::Column::OrganizationId.eq(actor.organization))
            .filter(flow_version::Column::FlowId.eq(flow));
        if let Some(after) = window.after {
            query = query.filter(flow_version::Column::Number.lt(after));
        }
        if let Some(before) = window.before {
            query = query.filter(flow_version::Column::Number.gt(before));
        }
        let direction = if window.backward { Order::Asc } else { Order::Desc };
        let rows = query
            .order_by(flow_version::Column::Number, direction)
            .limit(window.fetch())
            .all(&self.stores.pg)
            .await?;
        Ok(Page::from_fetched(window, rows))
    }

    /// How many versions a flow has.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub async fn count_versions(&self, actor: &Actor, flow: FlowId) -> Result<u64, FlowError> {
        actor.require(Action::Read, Subject::Flow)?;
        Ok(flow_version::Entity::find()
            .filter(flow_version::Column::OrganizationId.eq(actor.organization))
            .filter(flow_version::Column::FlowId.eq(flow))
            .count(&self.stores.pg)
            .await?)
    }

    /// The graphs of versions, in two statements for those not known yet.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub async fn graphs(
        &self,
        actor: &Actor,
        versions: &[FlowVersionId],
    ) -> Result<HashMap<FlowVersionId, Arc<Graph>>, FlowError> {
        actor.require(Action::Read, Subject::Flow)?;
        let graphs = self.graphs.load_many(&self.stores.pg, versions).await?;
        let own = |graph: &Arc<Graph>| {
            graph.steps.first().is_none_or(|step| step.organization_id == actor.organization)
        };
        Ok(graphs.into_iter().filter(|(_, graph)| own(graph)).collect())
    }

    /// Steps by id, within the caller's organization.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub async fn steps(
        &self,
        actor: &Actor,
        ids: &[triptych_entities::ids::StepId],
    ) -> Result<Vec<step::Model>, FlowError> {
        actor.require(Action::Read, Subject::Flow)?;
        Ok(step::Entity::find()
            .filter(step::Column::OrganizationId.eq(actor.organization))
            .filter(step::Column::Id.is_in(ids.iter().copied()))
            .all(&self.stores.pg)
            .await?)
    }

    /// The secret addresses of flows, for those who may change them.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub async fn webhooks(&self, actor: &Actor, flows: &[FlowId]) -> Result<Vec<webhook::Model>, FlowError> {
        if !actor.may(Action::Update, Subject::Flow) {
            return Ok(Vec::new());
        }
        Ok(webhook::Entity::find()
            .filter(webhook::Column::OrganizationId.eq(actor.organization))
            .filter(webhook::Column::FlowId.is_in(flows.iter().copied()))
            .all(&self.stores.pg)
            .await?)
    }

    /// Credentials by id, without their secrets, within the caller's organization.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub async fn credentials(
        &self,
        actor: &Actor,
        ids: &[triptych_entities::ids::CredentialId],
    ) -> Result<Vec<credential::Model>, FlowError> {
        if !actor.may(Action::Read, Subject::Credential) {
            return Ok(Vec::new());
        }
        Ok(credential::Entity::find()
            .filter(credential::Column::OrganizationId.eq(actor.organization))
            .filter(credential::Column::Id.is_in(ids.iter().copied()))
            .all(&self.stores.pg)
            .await?)
    }
}

/// What the caller can see at all. Every read begins here.
fn visible(organization: OrganizationId, reach: Reach) -> Select<flow::Entity> {
    let query = flow::Entity::find().filter(flow::Column::OrganizationId.eq(organization));
    match reach.owner() {
        Some(owner) => query.filter(flow::Column::OwnerId.eq(owner)),
        None => query,
    }
}

fn narrowed(mut query: Select<flow::Entity>, filter: &FlowFilter) -> Select<flow::Entity> {
    if let Some(text) = filter.search.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        let escaped = text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
        query = query.filter(Expr::col((flow::Entity, flow::Column::Name)).ilike(format!("%{escaped}%")));
    }
    if let Some(status) = filter.status {
        query = query.filter(flow::Column::Status.eq(status));
    }
    if let Some(owner) = filter.owner {
        query = query.filter(flow::Column::OwnerId.eq(owner));
    }
    if let Some(integration) = &filter.integration {
        let using = Query::select()
            .expr(Expr::val(1))
            .from(step::Entity)
            .cond_where(
                Condition::all()
                    .add(
                        Expr::col((step::Entity, step::Column::VersionId))
                            .equals((flow::Entity, flow::Column::DraftVersionId)),
                    )
                    .add(Expr::col((step::Entity, step::Column::Integration)).eq(integration.as_str())),
            )
            .to_owned();
        query = query.filter(Expr::exists(using));
    }
    query
}

/// The flow, locked until the transaction ends.
pub(super) async fn for_update(
    tx: &DatabaseTransaction,
    organization: OrganizationId,
    id: FlowId,
    reach: Reach,
) -> Result<flow::Model, FlowError> {
    visible(organization, reach)
        .filter(flow::Column::Id.eq(id))
        .lock(LockType::Update)
        .one(tx)
        .await?
        .ok_or(FlowError::NotFound)
}

/// A draft that nothing ran and nobody published leaves no trace.
pub(super) async fn delete_unused_version(
    tx: &impl ConnectionTrait,
    version: FlowVersionId,
) -> Result<(), StoreError> {
    let runs = Query::select()
        .expr(Expr::val(1))
        .from(execution::Entity)
        .cond_where(Expr::col((execution::Entity, execution::Column::VersionId)).eq(version))
        .to_owned();
    flow_version::Entity::delete_many()
        .filter(flow_version::Column::Id.eq(version))
        .filter(flow_version::Column::PublishedAt.is_null())
        .filter(Expr::exists(runs).not())
        .exec(tx)
        .await?;
    Ok(())
}
