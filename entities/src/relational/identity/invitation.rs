//! An invitation to an organization, for the one who has its token.

use sea_orm::entity::prelude::*;

use crate::{
    access::Subject,
    ids::{InvitationId, OrganizationId, RoleId, UserId},
    relational::tenanted::{Ownership, Tenanted},
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invitations", model_attrs(derive(triptych_derive::Positional)))]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: InvitationId,
    pub organization_id: OrganizationId,
    pub email: String,
    pub role_id: RoleId,
    pub invited_by: UserId,
    /// SHA-256 of the token.
    pub token_hash: Vec<u8>,
    pub expires_at: DateTimeUtc,
    pub created_at: DateTimeUtc,
    /// The mail with the token. Absent if its link is passed on by the inviter.
    pub mail_id: Option<Uuid>,
    pub mailed_at: Option<DateTimeUtc>,
    /// Why it was not sent, at the last attempt.
    pub mail_error: Option<String>,
    /// Whether it is not sent again.
    pub mail_refused: bool,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tenanted for Entity {
    const SUBJECT: Subject = Subject::Member;
    const ORGANIZATION: Column = Column::OrganizationId;
    const OWNERSHIP: Ownership<Column> = Ownership::Column(Column::InvitedBy);
}
