//! A version of a flow. The graph of a version is immutable.

use sea_orm::{entity::prelude::*, sea_query::SimpleExpr};

use crate::{
    access::Subject,
    ids::{FlowId, FlowVersionId, OrganizationId},
    relational::tenanted::{Ownership, Tenanted, ids_of, parent_deleted},
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "flow_versions", model_attrs(derive(triptych_derive::Positional)))]
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
    const ORGANIZATION: Column = Column::OrganizationId;
    const OWNERSHIP: Ownership<Column> = Ownership::Parent(Column::FlowId, ids_of::<super::flow::Entity>);

    fn deleted() -> Option<SimpleExpr> {
        parent_deleted::<super::flow::Entity>(super::flow::Column::Id, (Entity, Column::FlowId))
    }
}
