//! Reads credentials, never their secrets.

use sea_orm::{ColumnTrait as _, QueryFilter as _};
use triptych_entities::{ids::CredentialId, relational::automation::credential};
use triptych_stores::{
    access::{Action, Actor, Scoped as _, Subject},
    error::Result,
    fetch::Fetch as _,
    ids::IdColumn as _,
    page::{Page, PageArgs, rows::Sorted},
};

use super::Credentials;

impl Credentials {
    /// Finds those of the credentials that the caller may read; none without the permission to read credentials.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub async fn by_ids(&self, actor: &Actor, ids: &[CredentialId]) -> Result<Vec<credential::Model>> {
        let Ok(scope) = actor.scope(Action::Read, Subject::Credential) else { return Ok(Vec::new()) };
        let query = credential::Entity::within(scope).filter(credential::Column::Id.any_of(ids));
        Ok(query.fetch(&self.stores.pg).await?)
    }

    /// Lists the credentials that the caller may read, newest first.
    ///
    /// # Errors
    /// `Invalid` for wrong page arguments, `Denied`, or if PostgreSQL does not answer.
    pub async fn list(
        &self,
        actor: &Actor,
        integration: Option<&str>,
        args: &PageArgs,
    ) -> Result<Page<credential::Model>> {
        let mut query = credential::Entity::within(actor.scope(Action::Read, Subject::Credential)?);
        if let Some(integration) = integration {
            query = query.filter(credential::Column::Integration.eq(integration));
        }
        let sorted =
            Sorted::newest("credentials", credential::Column::Id, |row: &credential::Model| row.id.into());
        Ok(sorted.page(&self.stores.pg, query, &sorted.window(args)?).await?)
    }
}
