//! Credentials that flows store themselves: secrets of webhooks, and copies for duplicates.

use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, IntoActiveModel as _, PaginatorTrait as _,
    QueryFilter as _, Set,
};
use serde_json::{Value, json};
use triptych_entities::{
    ids::{CredentialId, FlowId, OrganizationId, UserId},
    relational::automation::{credential, step},
};
use triptych_stores::{
    access::{Scope, Scoped as _},
    error::{Result, ServiceError},
};

use super::{Credentials, open};

/// The key of the integration.
const WEBHOOK: &str = "webhook";

/// A secret that senders show, of one flow.
pub(crate) struct WebhookSecret<'a> {
    pub(crate) organization: OrganizationId,
    pub(crate) owner: UserId,
    pub(crate) flow: FlowId,
    pub(crate) secret: &'a str,
}

/// A credential and the id of its copy.
pub(crate) struct CredentialCopy {
    pub(crate) original: credential::Model,
    pub(crate) id: CredentialId,
}

impl Credentials {
    /// Encrypts and stores a copy for another flow.
    pub(crate) async fn copy(
        &self,
        tx: &impl ConnectionTrait,
        copy: &CredentialCopy,
        flow: FlowId,
        owner: UserId,
    ) -> Result<()> {
        let opened = self.opened(copy.original.clone())?;
        let record = open::record(copy.original.organization_id, copy.id);
        let fields = opened.fields.to_string();
        let sealed = self.keyring.seal(self.clock.random_bytes(), record.as_bytes(), fields.as_bytes())?;
        let now = self.clock.now();
        let mut row = copy.original.clone().into_active_model().reset_all();
        row.id = Set(copy.id);
        row.owner_id = Set(owner);
        row.flow_id = Set(Some(flow));
        row.key_id = Set(sealed.key_id);
        row.sealed = Set(sealed.bytes);
        row.created_at = Set(now);
        row.updated_at = Set(now);
        row.insert(tx).await?;
        Ok(())
    }

    /// Encrypts and stores a secret of a webhook under this id.
    pub(crate) async fn add_webhook_secret(
        &self,
        tx: &impl ConnectionTrait,
        id: CredentialId,
        webhook: WebhookSecret<'_>,
    ) -> Result<()> {
        let fields = json!({ "secret": webhook.secret }).to_string();
        let record = open::record(webhook.organization, id);
        let sealed = self.keyring.seal(self.clock.random_bytes(), record.as_bytes(), fields.as_bytes())?;
        let now = self.clock.now();
        let row = credential::ActiveModel {
            id: Set(id),
            organization_id: Set(webhook.organization),
            owner_id: Set(webhook.owner),
            flow_id: Set(Some(webhook.flow)),
            integration: Set(WEBHOOK.to_owned()),
            name: Set("Webhook secret".to_owned()),
            key_id: Set(sealed.key_id),
            sealed: Set(sealed.bytes),
            created_at: Set(now),
            updated_at: Set(now),
            hosts: Set(None),
        };
        row.insert(tx).await?;
        Ok(())
    }

    /// The fields of a webhook's credential, for a flow.
    ///
    /// # Errors
    /// `NotFound` if it was deleted or belongs to another flow.
    pub(crate) async fn open_webhook(
        &self,
        organization: OrganizationId,
        flow: FlowId,
        id: CredentialId,
    ) -> Result<Value> {
        Ok(self.open(organization, flow, id).await?.fields)
    }

    /// Checks that no step relies on the credential of a webhook, which would be open to everyone without it. The caller
    /// has locked the credential, so that no step refers to it meanwhile.
    ///
    /// # Errors
    /// `Conflict` if one does.
    pub(super) async fn check_unused_by_webhooks(
        &self,
        tx: &impl ConnectionTrait,
        credential: &credential::Model,
    ) -> Result<()> {
        if credential.integration != WEBHOOK {
            return Ok(());
        }
        let steps = step::Entity::within(Scope::whole(credential.organization_id))
            .filter(step::Column::CredentialId.eq(credential.id));
        if steps.count(tx).await? > 0 {
            let message = "a webhook relies on this credential; save and publish its flow with another, or delete the flow";
            return Err(ServiceError::conflict(message));
        }
        Ok(())
    }

    /// Whether a credential of the flow is this secret, shown by senders as it is.
    pub(crate) async fn is_webhook_secret(
        &self,
        tx: &impl ConnectionTrait,
        webhook: &WebhookSecret<'_>,
        id: CredentialId,
    ) -> Result<bool> {
        let query = credential::Entity::within(Scope::whole(webhook.organization))
            .filter(credential::Column::Id.eq(id))
            .filter(credential::Column::FlowId.eq(webhook.flow));
        let Some(row) = query.one(tx).await? else { return Ok(false) };
        match self.opened(row) {
            Ok(opened) => Ok(opened.fields == json!({ "secret": webhook.secret })),
            // It is sealed with a key that is not configured any more: it is replaced.
            Err(ServiceError::Internal(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
