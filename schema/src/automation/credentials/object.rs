//! The metadata of a credential. Its secret fields are never returned.

use async_graphql::{Context, Object};
use chrono::{DateTime, Utc};
use triptych_entities::{ids::CredentialId, relational::automation::credential};

use crate::{
    automation::flows::Flow,
    errors::Result,
    identity::User,
    node::{load, load_opt},
    output::Id,
};

pub struct Credential(pub(crate) credential::Model);

/// A stored secret for an integration. The secret itself is never returned.
#[Object(crate = "crate::output")]
impl Credential {
    /// `cred_…`
    fn id(&self) -> Id<CredentialId> {
        Id(self.0.id)
    }

    /// The key of the integration.
    fn integration(&self) -> &str {
        &self.0.integration
    }

    /// The name that the owner chose.
    fn name(&self) -> &str {
        &self.0.name
    }

    /// The hosts that it may be sent to; null until its first use, which sets its host.
    fn hosts(&self) -> Option<&[String]> {
        self.0.hosts.as_deref()
    }

    /// When it was created.
    fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it was last changed.
    fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }

    /// The only flow that can use it; null if every flow of the organization can.
    async fn flow(&self, ctx: &Context<'_>) -> Result<Option<Flow>> {
        load_opt(ctx, self.0.flow_id).await
    }

    /// The user who created it.
    async fn owner(&self, ctx: &Context<'_>) -> Result<User> {
        load(ctx, self.0.owner_id).await
    }
}

impl From<credential::Model> for Credential {
    fn from(row: credential::Model) -> Self {
        Self(row)
    }
}
