//! A step of an execution: what went in, what came out.

use sea_orm::{Condition, entity::prelude::*};

use crate::{
    access::Subject,
    ids::{ExecutionId, ExecutionStepId, GenerationId, JobId, OrganizationId, StepId, UserId},
    relational::tenanted::Tenanted,
};

/// How far a step of an execution is. The last four are final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    Queued,
    Running,
    Waiting,
    Succeeded,
    Failed,
    Skipped,
    Canceled,
}

impl Status {
    /// Whether the step will not change any more.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Skipped | Self::Canceled)
    }
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "execution_steps")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ExecutionStepId,
    pub organization_id: OrganizationId,
    pub execution_id: ExecutionId,
    pub step_id: StepId,
    pub status: Status,
    /// Counts up from 1 with each try; 0 before the first.
    pub attempt: i32,
    /// The parameters, with their templates filled in.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub input: Option<Json>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub output: Option<Json>,
    pub error_code: Option<String>,
    pub error_message: Option<String>,
    /// The AI response behind the step, in `MongoDB`.
    pub generation_id: Option<GenerationId>,
    pub job_id: Option<JobId>,
    /// The worker that runs the step now.
    pub lease_owner: Option<Uuid>,
    pub lease_until: Option<DateTimeUtc>,
    pub resume_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub started_at: Option<DateTimeUtc>,
    pub finished_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tenanted for Entity {
    const SUBJECT: Subject = Subject::Execution;

    fn organization() -> Column {
        Column::OrganizationId
    }

    fn owned_by(owner: UserId) -> Condition {
        Condition::all().add(Column::ExecutionId.in_subquery(super::execution::ids_of(owner)))
    }
}
