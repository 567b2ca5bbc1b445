//! The address that starts a flow from outside.

use sea_orm::entity::prelude::*;

use crate::ids::{FlowId, OrganizationId, WebhookId};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhooks")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WebhookId,
    pub organization_id: OrganizationId,
    pub flow_id: FlowId,
    /// The secret part of the address.
    pub token: String,
    pub created_at: DateTimeUtc,
    #[sea_orm(belongs_to, from = "flow_id", to = "id")]
    pub flow: BelongsTo<super::flow::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
