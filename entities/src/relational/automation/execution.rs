//! One run of a version of a flow.

use sea_orm::{entity::prelude::*, sea_query::SimpleExpr};

use crate::{
    access::Subject,
    failure::Failure,
    ids::{ExecutionId, FlowId, FlowVersionId, JobId, OrganizationId},
    relational::{
        positional::{ColumnSet, Positional as _},
        tenanted::{Ownership, Tenanted, ids_of, parent_deleted},
    },
};

/// The status of an execution. The last three are final.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    #[default]
    Queued,
    Running,
    /// All active branches wait for a time or a user.
    Waiting,
    Succeeded,
    Failed,
    Canceled,
}

/// What started an execution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Source {
    #[default]
    Webhook,
    Schedule,
    Manual,
}

impl Status {
    /// Whether the status is final.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Canceled)
    }
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "executions", model_attrs(derive(triptych_derive::Positional)))]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ExecutionId,
    pub organization_id: OrganizationId,
    pub flow_id: FlowId,
    pub version_id: FlowVersionId,
    pub status: Status,
    pub source: Source,
    pub test: bool,
    /// The data of the event: method, headers, query and body of a webhook; the time of a schedule; the payload of a
    /// manual run.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub trigger: Option<Json>,
    pub client_id: Option<String>,
    /// The time of the schedule that started it, at most once for each version.
    pub scheduled_for: Option<DateTimeUtc>,
    /// The id of the last outbox row and job of this execution.
    pub job_id: JobId,
    pub error_code: Option<String>,
    pub error_message: Option<String>,
    /// 32 hexadecimal digits.
    pub trace_id: Option<String>,
    pub created_at: DateTimeUtc,
    pub started_at: Option<DateTimeUtc>,
    pub finished_at: Option<DateTimeUtc>,
}

impl Model {
    /// Why the execution failed.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        Failure::of(self.error_code.as_ref(), self.error_message.as_ref())
    }
}

/// The columns without the trigger, whose data can be large.
#[must_use]
pub fn without_trigger() -> ColumnSet {
    ColumnSet::of::<Model>(
        Model::COLUMNS.iter().copied().filter(|column| *column != Column::Trigger.as_str()),
    )
}

impl ActiveModelBehavior for ActiveModel {}

impl Tenanted for Entity {
    const SUBJECT: Subject = Subject::Execution;
    const ORGANIZATION: Column = Column::OrganizationId;
    const OWNERSHIP: Ownership<Column> = Ownership::Parent(Column::FlowId, ids_of::<super::flow::Entity>);

    fn deleted() -> Option<SimpleExpr> {
        parent_deleted::<super::flow::Entity>(super::flow::Column::Id, (Entity, Column::FlowId))
    }
}
