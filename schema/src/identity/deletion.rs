//! Mutations that delete an organization or an account, and the query with the receipt of such a deletion.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use triptych_services::identity::{AcceptedDeletion, DeleteOrganization};

use super::mutation::forget_cookie;
use crate::{context::ContextExt as _, deletions::Deletion, errors::Result};

/// Input to delete the organization.
#[derive(InputObject)]
pub struct DeleteOrganizationInput {
    /// The name of the current organization, which confirms that it is the right one.
    pub name: String,
    /// The password of the account; not needed for an account without one.
    pub password: Option<String>,
}

/// Input to delete the account.
#[derive(InputObject)]
pub struct DeleteAccountInput {
    /// The password of the account; not needed for an account without one.
    pub password: Option<String>,
}

/// A deletion after which the caller is signed out.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct AccessDeletePayload {
    /// The id of the deleted organization or user.
    pub deleted_id: ID,
    /// The removal of what belonged to it, in the background.
    pub deletion: Deletion,
    /// A secret with which `deletionProgress` shows the removal without a session. It is not returned again.
    pub receipt: String,
}

impl From<AcceptedDeletion> for AccessDeletePayload {
    fn from(accepted: AcceptedDeletion) -> Self {
        let AcceptedDeletion { deletion, receipt } = accepted;
        Self { deleted_id: ID(deletion.deleted_id()), deletion: Deletion(deletion), receipt }
    }
}

/// Mutations that end access for good.
#[derive(Default)]
pub struct AccessDeletionMutation;

#[Object]
impl AccessDeletionMutation {
    /// Deletes the current organization with all that belongs to it, which cannot be undone. Needs a session of an owner.
    /// Sessions, API tokens, webhooks and schedules end at once, and executions under way are cancelled; the data is
    /// removed in the background. Accounts of members without another organization are deleted, too.
    async fn delete_organization(
        &self,
        ctx: &Context<'_>,
        input: DeleteOrganizationInput,
    ) -> Result<AccessDeletePayload> {
        let input = DeleteOrganization { name: input.name, password: input.password.map(Into::into) };
        let accepted = ctx.services().identity.delete_organization(ctx.actor()?, input).await?;
        forget_cookie(ctx);
        Ok(accepted.into())
    }

    /// Deletes the account of the caller, which cannot be undone. Needs a session. All sessions and API tokens end at once,
    /// and the e-mail address can be used again. Threads and other private objects are removed in the background;
    /// organizations without another member are deleted. In other organizations, an owner takes over flows and credentials.
    /// `CONFLICT` for the only owner of an organization with other members.
    async fn delete_account(
        &self,
        ctx: &Context<'_>,
        input: DeleteAccountInput,
    ) -> Result<AccessDeletePayload> {
        let password = input.password.map(Into::into);
        let accepted = ctx.services().identity.delete_account(ctx.actor()?, password).await?;
        forget_cookie(ctx);
        Ok(accepted.into())
    }
}

/// The query with the receipt of a deletion.
#[derive(Default)]
pub struct AccessDeletionQuery;

#[Object]
impl AccessDeletionQuery {
    /// The progress of the deletion of an organization or an account. Needs no session: the receipt is the permission.
    async fn deletion_progress(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The secret that the mutation returned.")] receipt: String,
    ) -> Result<Deletion> {
        Ok(Deletion(ctx.services().deletions.by_receipt(&receipt).await?))
    }
}
