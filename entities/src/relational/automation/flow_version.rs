//! A version of a flow. Its graph never changes once written.

use sea_orm::entity::prelude::*;

use crate::ids::{FlowId, FlowVersionId, OrganizationId};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "flow_versions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: FlowVersionId,
    pub organization_id: OrganizationId,
    pub flow_id: FlowId,
    /// Counts up from 1 within the flow.
    pub number: i32,
    pub published_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
