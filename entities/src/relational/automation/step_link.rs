//! A link between two steps of a version.

use sea_orm::{entity::prelude::*, sea_query::SimpleExpr};

use crate::{
    access::Subject,
    ids::{FlowVersionId, OrganizationId, StepId, StepLinkId},
    relational::tenanted::{Ownership, Tenanted, ids_of, parent_deleted},
};

/// When a link is followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// After success.
    #[default]
    Next,
    /// After a branch step, if its condition is the first that holds.
    Branch,
    /// After failure, instead of failing the execution.
    Error,
    LoopBody,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "step_links", model_attrs(derive(triptych_derive::Positional)))]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: StepLinkId,
    pub organization_id: OrganizationId,
    pub version_id: FlowVersionId,
    pub from_step_id: StepId,
    pub to_step_id: StepId,
    pub kind: Kind,
    /// The condition of a `Branch` link, an expression. Absent for the link that is followed if no condition holds.
    pub condition: Option<String>,
    /// Conditions are evaluated in this order.
    pub position: i32,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tenanted for Entity {
    const SUBJECT: Subject = Subject::Flow;
    const ORGANIZATION: Column = Column::OrganizationId;
    const OWNERSHIP: Ownership<Column> =
        Ownership::Parent(Column::VersionId, ids_of::<super::flow_version::Entity>);

    fn deleted() -> Option<SimpleExpr> {
        parent_deleted::<super::flow_version::Entity>(
            super::flow_version::Column::Id,
            (Entity, Column::VersionId),
        )
    }
}
