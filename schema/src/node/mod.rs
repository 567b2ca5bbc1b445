//! `node(id)`: any object by its global id. The prefix of the id determines the type, so one query suffices.

use async_graphql::{Context, ID, Interface, Object};
use triptych_entities::ids::{
    CredentialId, ExecutionId, ExecutionStepId, FlowId, FlowVersionId, GenerationId, MessageId,
    OrganizationId, PresetId, StepId, ThreadId, UserId, prefix_of,
};
use triptych_services::error::{Code, Invalid};

use crate::{
    automation::{
        credentials::Credential,
        executions::{Execution, ExecutionStep, load_execution, load_execution_step},
        flows::{Flow, FlowVersion, Step, load_flow, load_step, load_version},
    },
    context::{ContextExt as _, parse_id},
    conversations::{
        generations::{Generation, load_generation},
        presets::{Preset, load_preset},
        threads::{Message, Thread, load_message, load_thread},
    },
    errors::{ApiError, Result},
    identity::{Organization, User, load_user},
    output::Items,
};

/// An object with a global id.
#[derive(Interface)]
#[expect(clippy::large_enum_variant, reason = "one at a time, and moved at once")]
#[graphql(
    crate = "crate::output",
    field(
        name = "id",
        method = "node_id",
        ty = "ID",
        desc = "A TypeID: a prefix for the type, then a UUIDv7."
    )
)]
pub enum Node {
    User(User),
    Organization(Organization),
    Flow(Flow),
    FlowVersion(FlowVersion),
    Step(Step),
    Credential(Credential),
    Execution(Execution),
    ExecutionStep(ExecutionStep),
    Thread(Thread),
    Message(Message),
    Generation(Generation),
    Preset(Preset),
}

/// Gives each member of [`Node`] the method that the interface awaits.
macro_rules! node_ids {
    ($($Member:ident: |$member:ident| $id:expr;)+) => {$(
        impl $Member {
            async fn node_id(&self, _: &Context<'_>) -> Result<ID> {
                let $member = self;
                Ok(ID($id.to_string()))
            }
        }
    )+};
}

node_ids! {
    User: |user| user.id.0;
    Organization: |organization| organization.id.0;
    Flow: |flow| flow.0.id;
    FlowVersion: |version| version.0.id;
    Step: |step| step.model().id;
    Credential: |credential| credential.0.id;
    Execution: |execution| execution.0.id;
    ExecutionStep: |step| step.0.id;
    Thread: |thread| thread.0.id;
    Message: |message| message.0.id;
    Generation: |generation| generation.0.id;
    Preset: |preset| preset.0.id;
}

/// Queries of any object.
#[derive(Default)]
pub struct NodeQuery;

/// The maximum number of ids of one `nodes` field.
const MAX_NODES: usize = 100;

#[Object]
impl NodeQuery {
    /// Fetches an object by its global id.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id of an object.")] id: ID,
    ) -> Result<Option<Node>> {
        find(ctx, "id", &id).await.map(Some)
    }

    /// Fetches several objects by their ids, in the order of the ids; null for those that are not found.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Up to 100 ids.")] ids: Vec<ID>,
    ) -> Result<Items<Option<Node>>> {
        if ids.len() > MAX_NODES {
            return Err(Invalid::one("ids", format!("at most {MAX_NODES} at a time")).into());
        }
        ctx.actor()?;
        // Concurrently, so that the loaders batch the ids of a type.
        let found = futures::future::join_all(
            ids.iter().enumerate().map(async |(index, id)| find(ctx, &format!("ids.{index}"), id).await),
        )
        .await;
        found
            .into_iter()
            .map(|node| match node {
                Ok(node) => Ok(Some(node)),
                Err(error) if error.code() == Code::NotFound => Ok(None),
                Err(error) => Err(error),
            })
            .collect()
    }
}

/// `path` is the place of the id in the input.
async fn find(ctx: &Context<'_>, path: &str, id: &ID) -> Result<Node> {
    use triptych_entities::ids::Id;
    ctx.actor()?;
    Ok(match prefix_of(id) {
        Some(UserId::PREFIX) => load_user(ctx, parse_id(path, id)?).await?.into(),
        Some(OrganizationId::PREFIX) => {
            let id: OrganizationId = parse_id(path, id)?;
            let actor = ctx.actor()?;
            if id != actor.organization {
                return Err(ApiError::not_found("object"));
            }
            Organization::from(ctx.services().identity.organization(actor).await?).into()
        }
        Some(FlowId::PREFIX) => load_flow(ctx, parse_id(path, id)?).await?.into(),
        Some(FlowVersionId::PREFIX) => load_version(ctx, parse_id(path, id)?).await?.into(),
        Some(StepId::PREFIX) => load_step(ctx, parse_id(path, id)?).await?.into(),
        Some(CredentialId::PREFIX) => {
            let id: CredentialId = parse_id(path, id)?;
            Credential::from(ctx.load(id).await?.ok_or_else(|| ApiError::not_found("object"))?).into()
        }
        Some(ExecutionId::PREFIX) => load_execution(ctx, parse_id(path, id)?).await?.into(),
        Some(ExecutionStepId::PREFIX) => load_execution_step(ctx, parse_id(path, id)?).await?.into(),
        Some(ThreadId::PREFIX) => load_thread(ctx, parse_id(path, id)?).await?.into(),
        Some(MessageId::PREFIX) => load_message(ctx, parse_id(path, id)?).await?.into(),
        Some(GenerationId::PREFIX) => load_generation(ctx, parse_id(path, id)?).await?.into(),
        Some(PresetId::PREFIX) => load_preset(ctx, parse_id(path, id)?).await?.into(),
        _ => return Err(Invalid::one(path, "not the id of anything that can be looked up").into()),
    })
}
