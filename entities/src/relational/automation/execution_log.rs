//! A log line of a step.

use sea_orm::{entity::prelude::*, sea_query::SimpleExpr};

use crate::{
    access::Subject,
    ids::{ExecutionId, ExecutionLogId, ExecutionStepId, OrganizationId},
    relational::tenanted::{Ownership, Tenanted, ids_of, parent_deleted},
};

/// The severity of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Level {
    #[default]
    Debug,
    Info,
    Warn,
    Error,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "execution_logs", model_attrs(derive(triptych_derive::Positional)))]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ExecutionLogId,
    pub organization_id: OrganizationId,
    pub execution_id: ExecutionId,
    pub execution_step_id: ExecutionStepId,
    pub level: Level,
    pub message: String,
    pub created_at: DateTimeUtc,
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
