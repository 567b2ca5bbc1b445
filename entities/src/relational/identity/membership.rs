//! A user in an organization, with a role.

use sea_orm::entity::prelude::*;

use crate::{
    access::Subject,
    ids::{MembershipId, OrganizationId, RoleId, UserId},
    relational::tenanted::{Ownership, Tenanted},
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "memberships", model_attrs(derive(triptych_derive::Positional)))]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MembershipId,
    pub organization_id: OrganizationId,
    pub user_id: UserId,
    pub role_id: RoleId,
    pub created_at: DateTimeUtc,
    #[sea_orm(belongs_to, from = "user_id", to = "id")]
    pub user: BelongsTo<super::user::Entity>,
    #[sea_orm(belongs_to, from = "organization_id", to = "id")]
    pub organization: BelongsTo<super::organization::Entity>,
    #[sea_orm(belongs_to, from = "role_id", to = "id")]
    pub role: BelongsTo<super::role::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tenanted for Entity {
    const SUBJECT: Subject = Subject::Member;
    const ORGANIZATION: Column = Column::OrganizationId;
    const OWNERSHIP: Ownership<Column> = Ownership::Column(Column::UserId);
}
