//! A step of an execution, with its input and output.

use sea_orm::{entity::prelude::*, sea_query::SimpleExpr};

use crate::{
    access::Subject,
    failure::Failure,
    ids::{ExecutionId, ExecutionStepId, GenerationId, JobId, OrganizationId, StepId},
    relational::positional::{ColumnSet, Positional as _},
    relational::tenanted::{Ownership, Tenanted, ids_of, parent_deleted},
};

/// The status of a step of an execution. The last four are final.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// To be run, not before the due time of a retry.
    #[default]
    Queued,
    /// Claimed by a worker.
    Running,
    /// Has run and ends at its due time.
    Waiting,
    Succeeded,
    Failed,
    Skipped,
    Canceled,
}

impl Status {
    /// Whether the status is final.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Skipped | Self::Canceled)
    }
}

/// The stored restriction of the links that are followed from a step that succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ExitKind {
    /// No link is followed.
    Stopped,
    /// Of the links of kind `Branch`, at most one is followed.
    Branched,
}

/// The links that are followed from a step that succeeded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Exit {
    /// Every link of kind `Next`.
    #[default]
    Continue,
    /// None.
    Stop,
    /// The link of kind `Branch` to this step, or none of that kind if no condition held; and every link of kind
    /// `Next`.
    Branch(Option<StepId>),
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "execution_steps", model_attrs(derive(triptych_derive::Positional)))]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ExecutionStepId,
    pub organization_id: OrganizationId,
    pub execution_id: ExecutionId,
    pub step_id: StepId,
    pub status: Status,
    /// The number of the attempt, from 1; 0 before the first.
    pub attempt: i32,
    /// The parameters, with templates rendered.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub input: Option<Json>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub output: Option<Json>,
    pub error_code: Option<String>,
    pub error_message: Option<String>,
    /// The generation of an AI step, in `MongoDB`.
    pub generation_id: Option<GenerationId>,
    pub job_id: Option<JobId>,
    /// The worker that holds the lease.
    pub lease_owner: Option<Uuid>,
    /// Expiry of the lease, until which no other worker may claim the step.
    pub lease_until: Option<DateTimeUtc>,
    /// For a queued step, the earliest time of the next attempt. For a waiting step, the time at which it ends.
    pub due_at: Option<DateTimeUtc>,
    /// Absent: [`Exit::Continue`], or the step has not succeeded.
    pub exit: Option<ExitKind>,
    /// The target of the branch that is followed.
    pub branch_step_id: Option<StepId>,
    pub created_at: DateTimeUtc,
    pub started_at: Option<DateTimeUtc>,
    pub finished_at: Option<DateTimeUtc>,
    /// Claims in a row that ended without a report.
    pub lost_claims: i32,
}

impl Model {
    /// The links that are followed from the step, if it succeeded.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self.exit {
            None => Exit::Continue,
            Some(ExitKind::Stopped) => Exit::Stop,
            Some(ExitKind::Branched) => Exit::Branch(self.branch_step_id),
        }
    }

    pub fn set_exit(&mut self, exit: Exit) {
        (self.exit, self.branch_step_id) = match exit {
            Exit::Continue => (None, None),
            Exit::Stop => (Some(ExitKind::Stopped), None),
            Exit::Branch(step) => (Some(ExitKind::Branched), step),
        };
    }

    /// Why the last attempt failed.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        Failure::of(self.error_code.as_ref(), self.error_message.as_ref())
    }

    pub fn set_failure(&mut self, failure: Option<Failure>) {
        (self.error_code, self.error_message) =
            failure.map(|failure| (failure.code, failure.message)).unzip();
    }
}

/// The columns without the input and the output, which can be large.
#[must_use]
pub fn without_values() -> ColumnSet {
    let values = [Column::Input, Column::Output].map(|column| column.as_str());
    ColumnSet::of::<Model>(Model::COLUMNS.iter().copied().filter(|column| !values.contains(column)))
}

impl ActiveModelBehavior for ActiveModel {}

impl Tenanted for Entity {
    const SUBJECT: Subject = Subject::Execution;
    const ORGANIZATION: Column = Column::OrganizationId;
    const OWNERSHIP: Ownership<Column> =
        Ownership::Parent(Column::ExecutionId, ids_of::<super::execution::Entity>);

    fn deleted() -> Option<SimpleExpr> {
        parent_deleted::<super::execution::Entity>(
            super::execution::Column::Id,
            (Entity, Column::ExecutionId),
        )
    }
}
