//! A flow: a draft and optionally a published version of a graph of steps.

use sea_orm::{
    entity::prelude::*,
    sea_query::{ExprTrait as _, SimpleExpr},
};

use crate::{
    access::Subject,
    ids::{FlowId, FlowVersionId, OrganizationId, UserId},
    relational::tenanted::{Ownership, Tenanted},
};

/// Whether a flow's triggers start executions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Never published.
    #[default]
    Draft,
    /// Its triggers start executions.
    Published,
    /// Published once; its triggers are ignored until it is published again.
    Paused,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "flows", model_attrs(derive(triptych_derive::Positional)))]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: FlowId,
    pub organization_id: OrganizationId,
    pub owner_id: UserId,
    pub name: String,
    /// What people want to know about the flow, as Markdown.
    pub notes: Option<String>,
    pub status: Status,
    /// The idempotency key of the creator.
    pub client_id: Option<String>,
    pub draft_version_id: FlowVersionId,
    pub published_version_id: Option<FlowVersionId>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    /// Set while the flow is being removed. It and what belongs to it are hidden.
    pub deleted_at: Option<DateTimeUtc>,
    #[sea_orm(belongs_to, from = "owner_id", to = "id")]
    pub owner: BelongsTo<crate::relational::identity::user::Entity>,
    #[sea_orm(has_one)]
    pub webhook: HasOne<super::webhook::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tenanted for Entity {
    const SUBJECT: Subject = Subject::Flow;
    const ORGANIZATION: Column = Column::OrganizationId;
    const OWNERSHIP: Ownership<Column> = Ownership::Column(Column::OwnerId);

    fn deleted() -> Option<SimpleExpr> {
        Some(Expr::col((Entity, Column::DeletedAt)).is_not_null())
    }
}
