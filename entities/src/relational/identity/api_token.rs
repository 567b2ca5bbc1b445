//! API tokens: long-lived secrets for programs. Only the hash is stored.

use sea_orm::entity::prelude::*;

use crate::{
    access::Subject,
    ids::{ApiTokenId, OrganizationId, UserId},
    relational::tenanted::{Ownership, Tenanted},
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_tokens", model_attrs(derive(triptych_derive::Positional)))]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ApiTokenId,
    pub organization_id: OrganizationId,
    pub user_id: UserId,
    pub name: String,
    /// SHA-256 of the secret.
    pub token_hash: Vec<u8>,
    /// `action:subject` pairs the token is limited to; empty means all that the user may do.
    pub scopes: Vec<String>,
    pub expires_at: Option<DateTimeUtc>,
    pub last_used_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    /// The token that made it, with which it ends.
    pub maker_id: Option<ApiTokenId>,
    #[sea_orm(belongs_to, from = "user_id", to = "id")]
    pub user: BelongsTo<super::user::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tenanted for Entity {
    const SUBJECT: Subject = Subject::ApiToken;
    const ORGANIZATION: Column = Column::OrganizationId;
    const OWNERSHIP: Ownership<Column> = Ownership::Column(Column::UserId);
}
