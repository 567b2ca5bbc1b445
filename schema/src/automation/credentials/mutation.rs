//! Mutations of credentials.

use async_graphql::{Context, ID, InputObject, Json, Object, SimpleObject};
use serde_json::Value;
use triptych_services::automation::credentials::NewCredential;

use super::object::Credential;
use crate::{
    context::{ContextExt as _, parse_id, parse_id_opt},
    errors::Result,
    payloads::DeletePayload,
};

/// Input to create a credential.
#[derive(InputObject)]
pub struct CreateCredentialInput {
    /// The key of the integration.
    pub integration: String,
    /// The name, 1 to 120 characters.
    pub name: String,
    /// The secret fields, as `integration { credential { fields } }` describes them. At most 65,536 characters as JSON.
    pub fields: Json<Value>,
    /// The flow that owns the credential, which is deleted with the flow. Default: the organization owns it.
    pub flow_id: Option<ID>,
}

/// Input to delete a credential.
#[derive(InputObject)]
pub struct DeleteCredentialInput {
    /// The id of the credential. Steps that use it have no credential afterwards.
    pub id: ID,
}

/// A credential.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct CredentialPayload {
    /// The current state.
    pub credential: Credential,
}

/// Mutations of credentials.
#[derive(Default)]
pub struct CredentialMutation;

#[Object]
impl CredentialMutation {
    /// Encrypts and stores a credential. Repeating it creates another one.
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

    /// Deletes a credential. Repeating it fails with `NOT_FOUND`.
    async fn delete_credential(
        &self,
        ctx: &Context<'_>,
        input: DeleteCredentialInput,
    ) -> Result<DeletePayload> {
        let id = parse_id("id", &input.id)?;
        ctx.services().credentials.delete(ctx.actor()?, id).await?;
        Ok(DeletePayload::of(input.id))
    }
}
