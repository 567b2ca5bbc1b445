//! When a published flow starts by itself.

use sea_orm::entity::prelude::*;

use crate::ids::{FlowId, FlowVersionId, OrganizationId, ScheduleId, StepId};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "schedules")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ScheduleId,
    pub organization_id: OrganizationId,
    pub flow_id: FlowId,
    pub version_id: FlowVersionId,
    pub step_id: StepId,
    pub cron: Option<String>,
    pub every_seconds: Option<i32>,
    /// An IANA name.
    pub timezone: String,
    pub created_at: DateTimeUtc,
    #[sea_orm(belongs_to, from = "flow_id", to = "id")]
    pub flow: BelongsTo<super::flow::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
