//! Queries and mutations of members, roles and invitations.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use triptych_services::identity::{AcceptInvitation, NewPermission};

use super::{
    member::{Invitation, Member, Role},
    mutation::{SignInPayload, signed_in},
};
use crate::{
    connection::{Connection, page_args},
    context::{ContextExt as _, parse_id},
    errors::Result,
    output::Items,
    payloads::DeletePayload,
};

/// Input to invite somebody.
#[derive(InputObject)]
pub struct InviteMemberInput {
    /// The e-mail address.
    pub email: String,
    /// The id of the role that they get.
    pub role_id: ID,
}

/// Input to accept an invitation.
#[derive(InputObject)]
pub struct AcceptInvitationInput {
    /// The token of the link.
    pub token: String,
    /// The password of the account with the address of the invitation; for a new account, 8 to 256 characters. Not needed
    /// in a session of that account.
    pub password: Option<String>,
    /// The display name of a new account, 1 to 120 characters.
    pub name: Option<String>,
}

/// Input to revoke an invitation.
#[derive(InputObject)]
pub struct RevokeInvitationInput {
    /// The id of the invitation.
    pub invitation_id: ID,
}

/// Input to change the role of a member.
#[derive(InputObject)]
pub struct UpdateMemberInput {
    /// The id of the user.
    pub user_id: ID,
    /// The id of the new role.
    pub role_id: ID,
}

/// Input to remove a member.
#[derive(InputObject)]
pub struct RemoveMemberInput {
    /// The id of the user.
    pub user_id: ID,
}

/// Input to transfer the ownership.
#[derive(InputObject)]
pub struct TransferOwnershipInput {
    /// The id of the member who becomes an owner.
    pub user_id: ID,
}

/// A permission of a role.
#[derive(InputObject)]
pub struct PermissionInput {
    /// The action: `read`, `create`, `update`, `delete`, `publish`, `run`, or `manage` for all of them.
    pub action: String,
    /// The subject of the action, such as `flow` or `thread`.
    pub subject: String,
    /// Whether the permission is limited to objects that the member owns. Conversations and sessions require it.
    #[graphql(default)]
    pub only_own: bool,
}

impl From<PermissionInput> for NewPermission {
    fn from(input: PermissionInput) -> Self {
        Self { action: input.action, subject: input.subject, only_own: input.only_own }
    }
}

/// Input to create a role.
#[derive(InputObject)]
pub struct CreateRoleInput {
    /// The name, 1 to 120 characters, unique in the organization.
    pub name: String,
    /// Up to 200 permissions.
    pub permissions: Vec<PermissionInput>,
}

/// Input to change a role.
#[derive(InputObject)]
pub struct UpdateRoleInput {
    /// The id of the role.
    pub role_id: ID,
    /// The name, 1 to 120 characters, unique in the organization. Default: unchanged.
    pub name: Option<String>,
    /// Up to 200 permissions, which replace those of the role. Default: unchanged.
    pub permissions: Option<Vec<PermissionInput>>,
}

/// Input to delete a role.
#[derive(InputObject)]
pub struct DeleteRoleInput {
    /// The id of the role.
    pub role_id: ID,
}

/// A member.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct MemberPayload {
    /// The current state.
    pub member: Member,
}

/// A role.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct RolePayload {
    /// The current state.
    pub role: Role,
}

/// A new invitation.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct InvitationPayload {
    /// The invitation without its token.
    pub invitation: Invitation,
    /// The token for the link, to be passed on. It is not returned again. Null if it was sent to the address by mail.
    pub token: Option<String>,
}

/// Queries of members, roles and invitations.
#[derive(Default)]
pub struct MemberQuery;

#[Object]
impl MemberQuery {
    /// Lists the members of the organization in the order in which they joined.
    async fn members(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The number of items from the start; default 20, maximum 100.")] first: Option<i32>,
        #[graphql(desc = "Returns items after this cursor.")] after: Option<String>,
        #[graphql(desc = "The number of items from the end; maximum 100.")] last: Option<i32>,
        #[graphql(desc = "Returns items before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Member>> {
        let args = page_args(first, after, last, before);
        let page = ctx.services().identity.members(ctx.actor()?, &args).await?;
        Ok(Connection::of(page, Member))
    }

    /// Lists the invitations of the organization, newest first, also those that have expired.
    async fn invitations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The number of items from the start; default 20, maximum 100.")] first: Option<i32>,
        #[graphql(desc = "Returns items after this cursor.")] after: Option<String>,
        #[graphql(desc = "The number of items from the end; maximum 100.")] last: Option<i32>,
        #[graphql(desc = "Returns items before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Invitation>> {
        let args = page_args(first, after, last, before);
        let page = ctx.services().identity.invitations(ctx.actor()?, &args).await?;
        Ok(Connection::of(page, Invitation))
    }

    /// The roles of the organization: the built-in ones, then its own, oldest first.
    async fn roles(&self, ctx: &Context<'_>) -> Result<Items<Role>> {
        let roles = ctx.services().identity.roles(ctx.actor()?).await?;
        Ok(roles.into_iter().map(Into::into).collect())
    }
}

/// Mutations of members, roles and invitations. Nobody gives or takes permissions that they do not have.
#[derive(Default)]
pub struct MemberMutation;

#[Object]
impl MemberMutation {
    /// Invites somebody to the organization, by mail where the server sends mails. Repeating it replaces the invitation for
    /// the address, and its token. `CONFLICT` for a member.
    async fn invite_member(&self, ctx: &Context<'_>, input: InviteMemberInput) -> Result<InvitationPayload> {
        let role = parse_id("roleId", &input.role_id)?;
        let invited = ctx.services().identity.invite(ctx.actor()?, &input.email, role).await?;
        Ok(InvitationPayload { invitation: Invitation(invited.invitation), token: invited.token })
    }

    /// Joins the organization of an invitation, and signs in to it. Creates an account if none has the address. A wrong
    /// password counts as a failed attempt to sign in. The invitation is used up: repeating it fails with `NOT_FOUND`.
    async fn accept_invitation(
        &self,
        ctx: &Context<'_>,
        input: AcceptInvitationInput,
    ) -> Result<SignInPayload> {
        let actor = ctx.actor_opt().map(AsRef::as_ref);
        let password = input.password.map(Into::into);
        let accept = AcceptInvitation { token: input.token, password, name: input.name };
        let issued = ctx.services().identity.accept_invitation(actor, accept, &ctx.client().origin).await?;
        Ok(signed_in(ctx, issued))
    }

    /// Revokes an invitation. Repeating it fails with `NOT_FOUND`.
    async fn revoke_invitation(
        &self,
        ctx: &Context<'_>,
        input: RevokeInvitationInput,
    ) -> Result<DeletePayload> {
        let id = parse_id("invitationId", &input.invitation_id)?;
        ctx.services().identity.revoke_invitation(ctx.actor()?, id).await?;
        Ok(DeletePayload::of(input.invitation_id))
    }

    /// Gives a member another role. Repeating it has no effect. `CONFLICT` for the last owner.
    async fn update_member(&self, ctx: &Context<'_>, input: UpdateMemberInput) -> Result<MemberPayload> {
        let (user, role) = (parse_id("userId", &input.user_id)?, parse_id("roleId", &input.role_id)?);
        let member = ctx.services().identity.update_member(ctx.actor()?, user, role).await?;
        Ok(MemberPayload { member: Member(member) })
    }

    /// Removes a member, and ends their sessions and API tokens in the organization. Members can remove themselves.
    /// `CONFLICT` for the last owner. Repeating it fails with `NOT_FOUND`.
    async fn remove_member(&self, ctx: &Context<'_>, input: RemoveMemberInput) -> Result<DeletePayload> {
        let user = parse_id("userId", &input.user_id)?;
        let removed = ctx.services().identity.remove_member(ctx.actor()?, user).await?;
        Ok(DeletePayload::of(ID(removed.to_string())))
    }

    /// Makes another member an owner, and the caller, who has to be one, a member. Needs a session.
    async fn transfer_ownership(
        &self,
        ctx: &Context<'_>,
        input: TransferOwnershipInput,
    ) -> Result<MemberPayload> {
        let to = parse_id("userId", &input.user_id)?;
        let member = ctx.services().identity.transfer_ownership(ctx.actor()?, to).await?;
        Ok(MemberPayload { member: Member(member) })
    }

    /// Creates a role. Repeating it fails with `CONFLICT`, as names are unique.
    async fn create_role(&self, ctx: &Context<'_>, input: CreateRoleInput) -> Result<RolePayload> {
        let permissions: Vec<_> = input.permissions.into_iter().map(Into::into).collect();
        let role = ctx.services().identity.create_role(ctx.actor()?, &input.name, &permissions).await?;
        Ok(RolePayload { role: role.into() })
    }

    /// Changes a role for all members who have it. Repeating it has no further effect. `CONFLICT` for a built-in role.
    async fn update_role(&self, ctx: &Context<'_>, input: UpdateRoleInput) -> Result<RolePayload> {
        let id = parse_id("roleId", &input.role_id)?;
        let permissions: Option<Vec<NewPermission>> =
            input.permissions.map(|permissions| permissions.into_iter().map(Into::into).collect());
        let identity = &ctx.services().identity;
        let role =
            identity.update_role(ctx.actor()?, id, input.name.as_deref(), permissions.as_deref()).await?;
        Ok(RolePayload { role: role.into() })
    }

    /// Deletes a role. `CONFLICT` while members or invitations have it. Repeating it fails with `NOT_FOUND`.
    async fn delete_role(&self, ctx: &Context<'_>, input: DeleteRoleInput) -> Result<DeletePayload> {
        let id = parse_id("roleId", &input.role_id)?;
        ctx.services().identity.delete_role(ctx.actor()?, id).await?;
        Ok(DeletePayload::of(input.role_id))
    }
}
