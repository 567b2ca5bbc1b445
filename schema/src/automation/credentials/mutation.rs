//! Making and deleting credentials.

use async_graphql::{Context, ID, InputObject, Json, Object, SimpleObject};
use serde_json::Value;
use triptych_services::automation::credentials::NewCredential;

use super::object::Credential;
use crate::{
    automation::flows::DeletePayload,
    context::{ContextExt as _, parse_id, parse_id_opt},
    errors::Result,
};

/// A credential to be.
#[derive(InputObject)]
pub struct CreateCredentialInput {
    /// The key of the integration that it is for.
    pub integration: String,
    /// 1 to 120 characters.
    pub name: String,
    /// The secret fields, as `integration { credential { fields } }` describes them.
    pub fields: Json<Value>,
    /// Keep it with this flow; it goes when the flow goes. Absent: the organization's.
    pub flow_id: Option<ID>,
}

/// A credential to be deleted.
#[derive(InputObject)]
pub struct DeleteCredentialInput {
    /// Steps that use it will have none.
    pub id: ID,
}

/// A credential.
#[derive(SimpleObject)]
pub struct CredentialPayload {
    /// As it is now.
    pub credential: Credential,
}

/// Mutations of credentials.
#[derive(Default)]
pub struct CredentialMutation;

#[Object]
impl CredentialMutation {
    /// Seals and keeps a secret. Repeating it makes another.
    async fn create_credential(
        &self,
        ctx: &Context<'_>,
        input: CreateCredentialInput,
    ) -> Result<CredentialPayload> {
        let new = NewCredential {
            integration: input.integration,
            name: input.name,
            fields: input.fields.0,
            flow_id: parse_id_opt("flowId", input.flow_id.as_ref())?,
        };
        let credential = ctx.services().credentials.create(ctx.actor()?, new).await?;
        Ok(CredentialPayload { credential: credential.into() })
    }

    /// Deletes a credential. Repeating it answers `NOT_FOUND`.
    async fn delete_credential(
        &self,
        ctx: &Context<'_>,
        input: DeleteCredentialInput,
    ) -> Result<DeletePayload> {
        let id = parse_id("id", &input.id)?;
        ctx.services().credentials.delete(ctx.actor()?, id).await?;
        Ok(DeletePayload { deleted_id: input.id })
    }
}
