//! A schedule that starts a published flow.

use sea_orm::entity::prelude::*;

use crate::{
    access::Subject,
    ids::{FlowId, FlowVersionId, OrganizationId, ScheduleId, StepId},
    relational::tenanted::{Ownership, Tenanted, ids_of},
};

/// What becomes of the times that passed while no worker ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Missed {
    /// The flow runs once, for the last of them.
    #[default]
    RunOnce,
    /// The flow does not run for them.
    Skip,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "schedules", model_attrs(derive(triptych_derive::Positional)))]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ScheduleId,
    pub organization_id: OrganizationId,
    pub flow_id: FlowId,
    pub version_id: FlowVersionId,
    pub step_id: StepId,
    pub cron: Option<String>,
    pub every_seconds: Option<i32>,
    /// An IANA time zone.
    pub timezone: String,
    pub created_at: DateTimeUtc,
    /// The first time that is not planned yet; absent if no time is left.
    pub next_at: Option<DateTimeUtc>,
    pub missed: Missed,
    #[sea_orm(belongs_to, from = "flow_id", to = "id")]
    pub flow: BelongsTo<super::flow::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tenanted for Entity {
    const SUBJECT: Subject = Subject::Flow;
    const ORGANIZATION: Column = Column::OrganizationId;
    const OWNERSHIP: Ownership<Column> = Ownership::Parent(Column::FlowId, ids_of::<super::flow::Entity>);
}
