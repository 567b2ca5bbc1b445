//! A permission of a role: an action on a kind of subject, optionally limited to subjects that the member owns.

use sea_orm::entity::prelude::*;

use crate::{
    access::Subject,
    ids::{OrganizationId, PermissionId, RoleId},
    relational::tenanted::{Ownership, Tenanted},
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "permissions", model_attrs(derive(triptych_derive::Positional)))]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PermissionId,
    pub organization_id: OrganizationId,
    pub role_id: RoleId,
    pub action: String,
    pub subject: String,
    pub only_own: bool,
    #[sea_orm(belongs_to, from = "role_id", to = "id")]
    pub role: BelongsTo<super::role::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tenanted for Entity {
    const SUBJECT: Subject = Subject::Role;
    const ORGANIZATION: Column = Column::OrganizationId;
    const OWNERSHIP: Ownership<Column> = Ownership::Nobody;
}
