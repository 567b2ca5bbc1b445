//! Changes credentials.

use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, IntoActiveModel as _, QueryFilter as _, QuerySelect as _, Set,
};
use serde_json::Value;
use triptych_entities::{ids::CredentialId, relational::automation::credential};
use triptych_stores::{
    access::{Action, Actor, Scoped as _, Subject},
    error::{Invalid, Result, ServiceError},
};

use super::{Credentials, SecretFields, hosts, open, shown};
use crate::{
    audit::{AuditAction, Entry, record},
    input::{Name, Problems},
};

/// The input of `update`; what is not given is kept. Without `Debug`, as it has the secret fields.
#[derive(Default)]
pub struct CredentialChanges {
    pub name: Option<String>,
    /// All secret fields. With other fields, the hosts are those of the next use unless hosts are given.
    pub fields: Option<Value>,
    pub hosts: Option<Vec<String>>,
}

impl Credentials {
    /// Changes a credential. Steps use it from their next attempt on. Repeating it has no further effect.
    ///
    /// # Errors
    /// `Invalid` with each wrong field; `NotFound`, also for the credential of another organization.
    #[tracing::instrument(skip_all, fields(credential.id = %id))]
    pub async fn update(
        &self,
        actor: &Actor,
        id: CredentialId,
        changes: CredentialChanges,
    ) -> Result<credential::Model> {
        let scope = actor.scope(Action::Update, Subject::Credential)?;
        let tx = self.stores.pg.begin().await?;
        let found = credential::Entity::within(scope).filter(credential::Column::Id.eq(id));
        let found = found.lock(LockType::Update).one(&tx).await?;
        let found = found.ok_or(ServiceError::NotFound("credential"))?;

        let mut problems = Problems::default();
        let name = problems.parsed("name", changes.name.as_deref().map(Name::parse).transpose());
        let kind = self.catalog.integration(&found.integration).and_then(|known| known.credential.as_ref());
        let fields = changes.fields.as_ref().map(|fields| match kind {
            Some(kind) => SecretFields::parse("fields", fields, kind),
            None => Err(Invalid::one("fields", "the integration does not exist any more")),
        });
        let fields = problems.checked(fields.transpose());
        let hosts = changes.hosts.as_deref().map(|given| hosts::parse("hosts", given));
        let hosts = problems.checked(hosts.transpose());
        let ((name, fields), hosts) = problems.finish(name.zip(fields).zip(hosts))?;

        let mut row = found.clone().into_active_model();
        if let Some(name) = name {
            row.name = Set(name.into_string());
        }
        if let Some(fields) = fields {
            let record = open::record(found.organization_id, id);
            let sealed =
                self.keyring.seal(self.clock.random_bytes(), record.as_bytes(), fields.as_bytes())?;
            row.key_id = Set(sealed.key_id);
            row.sealed = Set(sealed.bytes);
            row.hosts = Set(None);
        }
        if let Some(hosts) = hosts {
            row.hosts = Set(Some(hosts));
        }
        row.updated_at = Set(self.clock.now());
        let updated = row.update(&tx).await?;
        let entry = Entry::of(AuditAction::ChangeCredential).target(id);
        record(&tx, &self.clock, actor, entry.before(shown(&found)).after(shown(&updated))).await?;
        tx.commit().await?;
        Ok(updated)
    }
}
