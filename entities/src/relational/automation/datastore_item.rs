//! A value that flows store between runs.

use sea_orm::entity::prelude::*;

use crate::{
    access::Subject,
    ids::{DatastoreItemId, FlowId, OrganizationId},
    relational::tenanted::{Ownership, Tenanted, ids_of},
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "datastore_items", model_attrs(derive(triptych_derive::Positional)))]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DatastoreItemId,
    pub organization_id: OrganizationId,
    /// Absent for a value that all flows of the organization share.
    pub flow_id: Option<FlowId>,
    pub key: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub value: Json,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tenanted for Entity {
    const SUBJECT: Subject = Subject::Datastore;
    const ORGANIZATION: Column = Column::OrganizationId;
    const OWNERSHIP: Ownership<Column> = Ownership::Parent(Column::FlowId, ids_of::<super::flow::Entity>);
}
