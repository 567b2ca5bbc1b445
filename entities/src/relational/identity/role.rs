//! A named set of permissions within an organization.

use sea_orm::entity::prelude::*;

use crate::{
    access::Subject,
    ids::{OrganizationId, RoleId},
    relational::tenanted::{Ownership, Tenanted},
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "roles", model_attrs(derive(triptych_derive::Positional)))]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RoleId,
    pub organization_id: OrganizationId,
    /// `owner`, `member`, `viewer`, or the key of a custom role.
    pub key: String,
    pub name: String,
    pub created_at: DateTimeUtc,
    #[sea_orm(has_many)]
    pub permissions: HasMany<super::permission::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tenanted for Entity {
    const SUBJECT: Subject = Subject::Role;
    const ORGANIZATION: Column = Column::OrganizationId;
    const OWNERSHIP: Ownership<Column> = Ownership::Nobody;
}
