//! A value that flows store between runs.

use sea_orm::{Condition, entity::prelude::*};

use crate::{
    access::Subject,
    ids::{DatastoreItemId, FlowId, OrganizationId, UserId},
    relational::tenanted::Tenanted,
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "datastore_items")]
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

    fn organization() -> Column {
        Column::OrganizationId
    }

    fn owned_by(owner: UserId) -> Condition {
        Condition::all().add(Column::FlowId.in_subquery(super::flow::ids_of(owner)))
    }
}
