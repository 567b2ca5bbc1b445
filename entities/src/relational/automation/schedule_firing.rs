//! A time of a schedule for which the flow has not been started yet.

use sea_orm::entity::prelude::*;

use crate::{
    access::Subject,
    ids::{JobId, OrganizationId, ScheduleFiringId, ScheduleId},
    relational::tenanted::{Ownership, Tenanted, ids_of},
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "schedule_firings", model_attrs(derive(triptych_derive::Positional)))]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ScheduleFiringId,
    pub organization_id: OrganizationId,
    pub schedule_id: ScheduleId,
    /// The time for which the flow runs.
    pub due_at: DateTimeUtc,
    /// The last outbox row and job of this firing.
    pub job_id: JobId,
    pub created_at: DateTimeUtc,
    #[sea_orm(belongs_to, from = "schedule_id", to = "id")]
    pub schedule: BelongsTo<super::schedule::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tenanted for Entity {
    const SUBJECT: Subject = Subject::Flow;
    const ORGANIZATION: Column = Column::OrganizationId;
    const OWNERSHIP: Ownership<Column> =
        Ownership::Parent(Column::ScheduleId, ids_of::<super::schedule::Entity>);
}
