//! Members, roles and invitations, as objects.

use async_graphql::{Context, Enum, Object, SimpleObject};
use chrono::{DateTime, Utc};
use triptych_entities::{
    ids::{InvitationId, MembershipId, RoleId},
    relational::identity::{invitation, membership},
};
use triptych_services::identity::RoleWithGrants;

use super::{User, object::Permission};
use crate::{
    errors::Result,
    loaders::Caller,
    node::{Fetched, NodeType, load, load_opt},
    output::{Id, Items},
};

pub struct Member(pub(super) membership::Model);

/// A user in an organization, with a role.
#[Object(crate = "crate::output")]
impl Member {
    /// `member_…`
    fn id(&self) -> Id<MembershipId> {
        Id(self.0.id)
    }

    /// The user.
    async fn user(&self, ctx: &Context<'_>) -> Result<User> {
        load(ctx, self.0.user_id).await
    }

    /// The role; null for an API token without the scope `read:role`.
    async fn role(&self, ctx: &Context<'_>) -> Result<Option<Role>> {
        load_opt(ctx, Some(self.0.role_id)).await
    }

    /// When the user joined.
    fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

impl NodeType for Member {
    type Id = MembershipId;
    type Row = membership::Model;
    const NOUN: &'static str = "member";

    async fn fetch(caller: &Caller, ids: &[MembershipId]) -> Fetched<Self::Row> {
        caller.services.identity.members_by_ids(&caller.actor, ids).await
    }

    fn id_of(row: &Self::Row) -> MembershipId {
        row.id
    }

    fn new(row: Self::Row) -> Self {
        Self(row)
    }
}

/// A named set of permissions.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct Role {
    /// `role_…`
    pub id: Id<RoleId>,
    /// The name.
    pub name: String,
    /// Whether every organization has it. Built-in roles cannot be changed.
    pub built_in: bool,
    /// What its members may do.
    pub permissions: Items<Permission>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

impl From<RoleWithGrants> for Role {
    fn from(row: RoleWithGrants) -> Self {
        Self {
            id: Id(row.role.id),
            name: row.role.name,
            built_in: row.built_in,
            permissions: row.grants.iter().map(Into::into).collect(),
            created_at: row.role.created_at,
        }
    }
}

impl NodeType for Role {
    type Id = RoleId;
    type Row = RoleWithGrants;
    const NOUN: &'static str = "role";

    async fn fetch(caller: &Caller, ids: &[RoleId]) -> Fetched<Self::Row> {
        caller.services.identity.roles_by_ids(&caller.actor, ids).await
    }

    fn id_of(row: &Self::Row) -> RoleId {
        row.role.id
    }

    fn new(row: Self::Row) -> Self {
        row.into()
    }
}

pub struct Invitation(pub(super) invitation::Model);

/// What became of the mail of an invitation.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum MailStatus {
    /// It will be sent, or sent again after an error.
    Queued,
    /// A server has taken it.
    Sent,
    /// The server of the address has refused it, or it was not sent in time.
    Failed,
}

/// The mail of an invitation.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct InvitationMail {
    /// What became of it.
    pub status: MailStatus,
    /// When a server took it.
    pub sent_at: Option<DateTime<Utc>>,
    /// Why the last attempt failed.
    pub error: Option<String>,
}

/// An invitation to the organization. Its token is returned once, when it is created, or sent by mail.
#[Object(crate = "crate::output")]
impl Invitation {
    /// `invitation_…`
    fn id(&self) -> Id<InvitationId> {
        Id(self.0.id)
    }

    /// The e-mail address of the one who is invited.
    fn email(&self) -> &str {
        &self.0.email
    }

    /// The role that they get; null for an API token without the scope `read:role`.
    async fn role(&self, ctx: &Context<'_>) -> Result<Option<Role>> {
        load_opt(ctx, Some(self.0.role_id)).await
    }

    /// The member who invited them.
    async fn invited_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        load_opt(ctx, Some(self.0.invited_by)).await
    }

    /// When the invitation expires.
    fn expires_at(&self) -> DateTime<Utc> {
        self.0.expires_at
    }

    /// The mail with the token; null if the inviter passes it on.
    fn mail(&self) -> Option<InvitationMail> {
        self.0.mail_id?;
        let (sent_at, error) = (self.0.mailed_at, self.0.mail_error.clone());
        let status = match (sent_at, self.0.mail_refused) {
            (Some(_), _) => MailStatus::Sent,
            (None, true) => MailStatus::Failed,
            (None, false) => MailStatus::Queued,
        };
        Some(InvitationMail { status, sent_at, error })
    }

    /// When it was created.
    fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

impl NodeType for Invitation {
    type Id = InvitationId;
    type Row = invitation::Model;
    const NOUN: &'static str = "invitation";

    async fn fetch(caller: &Caller, ids: &[InvitationId]) -> Fetched<Self::Row> {
        caller.services.identity.invitations_by_ids(&caller.actor, ids).await
    }

    fn id_of(row: &Self::Row) -> InvitationId {
        row.id
    }

    fn new(row: Self::Row) -> Self {
        Self(row)
    }
}
