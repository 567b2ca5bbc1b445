//! An encrypted credential of an integration.

use sea_orm::entity::prelude::*;

use crate::{
    access::Subject,
    ids::{CredentialId, FlowId, OrganizationId, UserId},
    relational::tenanted::{Ownership, Tenanted},
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "credentials", model_attrs(derive(triptych_derive::Positional)))]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CredentialId,
    pub organization_id: OrganizationId,
    pub owner_id: UserId,
    /// Set for a credential that belongs to one flow and is deleted with it.
    pub flow_id: Option<FlowId>,
    pub integration: String,
    pub name: String,
    /// The id of the key that encrypted the record.
    pub key_id: String,
    pub sealed: Vec<u8>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    /// The hosts that it may be sent to. Absent until its first use, which sets its host.
    pub hosts: Option<Vec<String>>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tenanted for Entity {
    const SUBJECT: Subject = Subject::Credential;
    const ORGANIZATION: Column = Column::OrganizationId;
    const OWNERSHIP: Ownership<Column> = Ownership::Column(Column::OwnerId);
}
