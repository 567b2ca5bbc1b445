//! What can be seen of a credential.

use async_graphql::{ComplexObject, Context, ID, SimpleObject};
use chrono::{DateTime, Utc};
use triptych_entities::{ids::UserId, relational::automation::credential};

use crate::{
    errors::Result,
    identity::{User, load_user},
};

/// The secret of an integration. What is in it is never shown.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Credential {
    /// `cred_…`
    #[graphql(owned)]
    pub id: ID,
    /// The key of the integration that it is for.
    pub integration: String,
    /// What its owner named it.
    pub name: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    #[graphql(skip)]
    owner: UserId,
}

#[ComplexObject]
impl Credential {
    /// Who made it.
    async fn owner(&self, ctx: &Context<'_>) -> Result<User> {
        load_user(ctx, self.owner).await
    }
}

impl From<credential::Model> for Credential {
    fn from(row: credential::Model) -> Self {
        Self {
            id: row.id.to_string().into(),
            integration: row.integration,
            name: row.name,
            created_at: row.created_at,
            updated_at: row.updated_at,
            owner: row.owner_id,
        }
    }
}
