//! A version of a flow. The graph of a version is immutable.

use sea_orm::{Condition, entity::prelude::*};

use crate::{
    access::Subject,
    ids::{FlowId, FlowVersionId, OrganizationId, UserId},
    relational::tenanted::Tenanted,
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "flow_versions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: FlowVersionId,
    pub organization_id: OrganizationId,
    pub flow_id: FlowId,
    /// The number of the version within the flow, from 1.
    pub number: i32,
    pub published_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tenanted for Entity {
    const SUBJECT: Subject = Subject::Flow;

    fn organization() -> Column {
        Column::OrganizationId
    }

    fn owned_by(owner: UserId) -> Condition {
        Condition::all().add(Column::FlowId.in_subquery(super::flow::ids_of(owner)))
    }
}

/// Versions of the flows of an owner.
pub(super) fn ids_of(owner: UserId) -> sea_orm::sea_query::SelectStatement {
    sea_orm::sea_query::Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(Column::FlowId.in_subquery(super::flow::ids_of(owner)))
        .to_owned()
}
