//! The address of a flow's webhook.

use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, Set};
use triptych_entities::{
    ids::FlowId,
    relational::automation::{flow, webhook},
};
use triptych_stores::{
    access::{Action, Actor, Scoped as _, Subject},
    error::{Result, ServiceError, StoreError},
};

use super::Flows;
use crate::audit::{AuditAction, Entry, record};

impl Flows {
    /// Stores the address of a new flow.
    pub(super) async fn insert_webhook(
        &self,
        tx: &impl ConnectionTrait,
        flow: &flow::Model,
    ) -> Result<(), StoreError> {
        let row = webhook::ActiveModel {
            id: Set(self.clock.new_id()),
            organization_id: Set(flow.organization_id),
            flow_id: Set(flow.id),
            token: Set(self.clock.new_secret()),
            created_at: Set(flow.created_at),
        };
        webhook::Entity::insert(row).exec_without_returning(tx).await?;
        Ok(())
    }

    /// Gives the webhook of a flow another address. Requests to the former one are answered with 404 from then on.
    /// Repeating it changes the address again.
    ///
    /// # Errors
    /// `NotFound` also for another organization's flow.
    #[tracing::instrument(skip_all, fields(flow.id = %id))]
    pub async fn rotate_webhook(&self, actor: &Actor, id: FlowId) -> Result<flow::Model> {
        let scope = actor.scope(Action::Update, Subject::Flow)?;
        let tx = self.stores.pg.begin().await?;
        let flow = super::find::for_update(&tx, scope, id).await?;
        let rotated = webhook::Entity::update_within(scope)
            .col_expr(webhook::Column::Token, self.clock.new_secret().into())
            .filter(webhook::Column::FlowId.eq(id))
            .exec(&tx)
            .await?;
        if rotated.rows_affected == 0 {
            return Err(ServiceError::NotFound("webhook"));
        }
        let entry = Entry::of(AuditAction::RotateWebhook).target(id);
        record(&tx, &self.clock, actor, entry).await?;
        tx.commit().await?;
        Ok(flow)
    }
}
