//! A step of a version: one operation of one integration, with its parameters.

use sea_orm::{entity::prelude::*, sea_query::SimpleExpr};

use crate::{
    access::Subject,
    ids::{CredentialId, FlowVersionId, OrganizationId, StepId},
    relational::tenanted::{Ownership, Tenanted, ids_of, parent_deleted},
};

/// The role of a step in the graph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// Starts executions. Each version has exactly one.
    #[default]
    Trigger,
    Action,
    /// Continues or ends the path.
    Filter,
    /// Chooses among its outgoing links.
    Branch,
    Loop,
    /// Waits for a time.
    Delay,
    /// Waits for a user.
    Approval,
    /// Requests a response from a model.
    Ai,
    /// Sends the response of a synchronous webhook.
    Respond,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "steps", model_attrs(derive(triptych_derive::Positional)))]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: StepId,
    pub organization_id: OrganizationId,
    pub version_id: FlowVersionId,
    /// Unique within the version; templates refer to steps by it.
    pub key: String,
    pub name: String,
    pub kind: Kind,
    pub integration: String,
    pub operation: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub parameters: Json,
    pub credential_id: Option<CredentialId>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub retry: Option<Json>,
    pub timeout_seconds: Option<i32>,
    pub position: i32,
    #[sea_orm(belongs_to, from = "version_id", to = "id")]
    pub version: BelongsTo<super::flow_version::Entity>,
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
