//! The webhook of a flow.

use sea_orm::entity::prelude::*;

use crate::{
    access::Subject,
    ids::{FlowId, OrganizationId, WebhookId},
    relational::tenanted::{Ownership, Tenanted, ids_of},
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhooks", model_attrs(derive(triptych_derive::Positional)))]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WebhookId,
    pub organization_id: OrganizationId,
    pub flow_id: FlowId,
    /// The secret part of the URL.
    pub token: String,
    pub created_at: DateTimeUtc,
    #[sea_orm(belongs_to, from = "flow_id", to = "id")]
    pub flow: BelongsTo<super::flow::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tenanted for Entity {
    const SUBJECT: Subject = Subject::Flow;
    const ORGANIZATION: Column = Column::OrganizationId;
    const OWNERSHIP: Ownership<Column> = Ownership::Parent(Column::FlowId, ids_of::<super::flow::Entity>);
}
