//! A record of a change: who, what, from where.

use sea_orm::entity::prelude::*;

use crate::{
    access::Subject,
    ids::{ApiTokenId, AuditEventId, OrganizationId, SessionId, UserId},
    relational::tenanted::{Ownership, Tenanted},
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_events", model_attrs(derive(triptych_derive::Positional)))]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AuditEventId,
    pub organization_id: OrganizationId,
    pub action: String,
    pub user_id: Option<UserId>,
    pub session_id: Option<SessionId>,
    pub token_id: Option<ApiTokenId>,
    /// The id of the object, as in the API.
    pub target: Option<String>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub before: Option<Json>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub after: Option<Json>,
    pub address: Option<String>,
    pub user_agent: Option<String>,
    /// How often it happened in the period of the row.
    pub count: i32,
    /// What is the same for events that are counted in one row.
    pub repeat_key: Option<String>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tenanted for Entity {
    const SUBJECT: Subject = Subject::AuditEvent;
    const ORGANIZATION: Column = Column::OrganizationId;
    const OWNERSHIP: Ownership<Column> = Ownership::Column(Column::UserId);
}
