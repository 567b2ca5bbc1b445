//! Reads and revokes invitations.

use std::sync::LazyLock;

use sea_orm::{ColumnTrait as _, QueryFilter as _};
use triptych_entities::{ids::InvitationId, relational::identity::invitation};
use triptych_stores::{
    access::{Action, Actor, Scoped as _, Subject},
    error::{Result, ServiceError},
    fetch::Fetch as _,
    ids::IdColumn as _,
    page::{Page, PageArgs, rows::Sorted},
};

use super::invite::shown;
use crate::{
    audit::{AuditAction, Entry, record},
    identity::Identity,
};

static NEWEST: LazyLock<Sorted<invitation::Entity>> = LazyLock::new(|| {
    Sorted::newest("invitations", invitation::Column::Id, |row: &invitation::Model| row.id.into())
});

impl Identity {
    /// Lists the invitations that the caller may read, newest first, also those that have expired.
    ///
    /// # Errors
    /// `Invalid` for wrong page arguments, `Denied`.
    pub async fn invitations(&self, actor: &Actor, args: &PageArgs) -> Result<Page<invitation::Model>> {
        let query = invitation::Entity::within(actor.scope(Action::Read, Subject::Member)?);
        Ok(NEWEST.page(&self.stores.pg, query, &NEWEST.window(args)?).await?)
    }

    /// Finds those of the invitations that the caller may read.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub async fn invitations_by_ids(
        &self,
        actor: &Actor,
        ids: &[InvitationId],
    ) -> Result<Vec<invitation::Model>> {
        let Ok(scope) = actor.scope(Action::Read, Subject::Member) else { return Ok(Vec::new()) };
        let query = invitation::Entity::within(scope).filter(invitation::Column::Id.any_of(ids));
        Ok(query.fetch(&self.stores.pg).await?)
    }

    /// Revokes an invitation, whose token is invalid at once.
    ///
    /// # Errors
    /// `NotFound`, also if the call is repeated.
    #[tracing::instrument(skip_all, fields(invitation.id = %id))]
    pub async fn revoke_invitation(&self, actor: &Actor, id: InvitationId) -> Result<()> {
        let scope = actor.scope(Action::Delete, Subject::Member)?;
        let tx = self.stores.pg.begin().await?;
        let found = invitation::Entity::within(scope).filter(invitation::Column::Id.eq(id)).one(&tx).await?;
        let row = found.ok_or(ServiceError::NotFound("invitation"))?;
        let statement = invitation::Entity::delete_within(scope).filter(invitation::Column::Id.eq(id));
        if statement.exec(&tx).await?.rows_affected == 0 {
            return Err(ServiceError::NotFound("invitation"));
        }
        if let Some(mail) = row.mail_id {
            self.mails.withdraw(&tx, mail).await?;
        }
        let entry = Entry::of(AuditAction::RevokeInvitation).target(id).before(shown(&row));
        record(&tx, &self.clock, actor, entry).await?;
        Ok(tx.commit().await?)
    }
}
