//! Mutations of credentials.

use async_graphql::{Context, ID, InputObject, Json, Object, SimpleObject};
use serde_json::Value;
use triptych_services::automation::credentials::{CredentialChanges, NewCredential};

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
    /// The hosts that it may be sent to, such as `api.example.com`, `*.example.com` or `localhost:9000`; 1 to 20. Default: the
    /// host of its first use.
    pub hosts: Option<Vec<String>>,
}

/// Input to change a credential. What is absent or null is kept.
#[derive(InputObject)]
pub struct UpdateCredentialInput {
    /// The id of the credential.
    pub id: ID,
    /// The name, 1 to 120 characters.
    pub name: Option<String>,
    /// All secret fields. The hosts then are those of the next use, unless `hosts` is given.
    pub fields: Option<Json<Value>>,
    /// The hosts that it may be sent to; 1 to 20.
    pub hosts: Option<Vec<String>>,
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
            hosts: input.hosts,
        };
        let credential = ctx.services().credentials.create(ctx.actor()?, new).await?;
        Ok(CredentialPayload { credential: credential.into() })
    }

    /// Changes a credential. Steps use it from their next attempt on. Repeating it has no further effect.
    async fn update_credential(
        &self,
        ctx: &Context<'_>,
        input: UpdateCredentialInput,
    ) -> Result<CredentialPayload> {
        let id = parse_id("id", &input.id)?;
        let UpdateCredentialInput { id: _, name, fields, hosts } = input;
        let changes = CredentialChanges { name, fields: fields.map(|fields| fields.0), hosts };
        let credential = ctx.services().credentials.update(ctx.actor()?, id, changes).await?;
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
