//! Deletes flows.

use sea_orm::{ActiveModelTrait as _, ColumnTrait as _, IntoActiveModel as _, QueryFilter as _, Set};
use triptych_entities::{
    ids::FlowId,
    relational::{
        automation::{credential, schedule, webhook},
        deletion,
    },
};
use triptych_stores::{
    access::{Action, Actor, Scope, Scoped as _, Subject},
    error::Result,
};

use super::{Flows, publish::shown};
use crate::{
    audit::{AuditAction, Entry, record},
    deletions::Request,
};

impl Flows {
    /// Deletes a flow. It and all that belongs to it are hidden at once: its webhook answers 404, its schedules stop, its
    /// own credentials are gone. Executions under way are cancelled and the history is removed in the background.
    ///
    /// # Errors
    /// `NotFound` also for another organization's flow, and when it is repeated.
    #[tracing::instrument(skip_all, fields(flow.id = %id))]
    pub async fn delete(&self, actor: &Actor, id: FlowId) -> Result<deletion::Model> {
        let scope = actor.scope(Action::Delete, Subject::Flow)?;
        let tx = self.stores.pg.begin().await?;
        let flow = super::find::for_update(&tx, scope, id).await?;
        let whole = Scope::whole(flow.organization_id);
        webhook::Entity::delete_within(whole).filter(webhook::Column::FlowId.eq(id)).exec(&tx).await?;
        schedule::Entity::delete_within(whole).filter(schedule::Column::FlowId.eq(id)).exec(&tx).await?;
        credential::Entity::delete_within(whole).filter(credential::Column::FlowId.eq(id)).exec(&tx).await?;
        let entry = Entry::of(AuditAction::DeleteFlow).target(id).before(shown(&flow));
        record(&tx, &self.clock, actor, entry).await?;
        let mut row = flow.into_active_model();
        row.deleted_at = Set(Some(self.clock.now()));
        // The key can be used again at once.
        row.client_id = Set(None);
        row.update(&tx).await?;
        let deletion = self.deletions.request(&tx, Request::by(actor, deletion::Subject::Flow, id.0)).await?;
        tx.commit().await?;
        self.deletions.wake();
        Ok(deletion)
    }
}
