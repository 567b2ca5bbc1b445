//! Presets.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{Context, ID, InputObject, Json, Object, SimpleObject, dataloader::Loader};
use chrono::{DateTime, Utc};
use serde_json::Value;
use triptych_entities::{
    documents::{
        conversations::{generation::Parameters, preset},
        from_bson,
    },
    ids::PresetId,
};
use triptych_services::{conversations::presets::PresetFields, error::ServiceError};

use super::threads::GenerationParametersInput;
use crate::{
    automation::flows::DeletePayload,
    connection::{Connection, page_args},
    context::{Batch, ContextExt as _, parse_id},
    errors::{ApiError, Result},
    identity::{User, load_user},
    output::Id,
};

pub struct Preset(pub(crate) preset::Preset);

/// A model, instructions and parameters, kept to start conversations with.
#[Object(crate = "crate::output")]
impl Preset {
    /// `preset_…`
    fn id(&self) -> Id<PresetId> {
        Id(self.0.id)
    }

    /// 1 to 120 characters.
    fn name(&self) -> &str {
        &self.0.name
    }

    /// `provider/model`; null for the default model.
    fn model(&self) -> Option<&str> {
        self.0.model.as_deref()
    }

    /// Instructions before the conversation.
    fn system(&self) -> Option<&str> {
        self.0.system.as_deref()
    }

    /// The parameters of model calls.
    fn parameters(&self) -> GenerationParameters {
        self.0.parameters.clone().into()
    }

    /// The owner.
    async fn owner(&self, ctx: &Context<'_>) -> Result<User> {
        load_user(ctx, self.0.owner_id).await
    }

    /// Counts up from 1 with each change; for `expectedVersion`.
    fn version(&self) -> i32 {
        self.0.version
    }

    /// When the preset was created.
    fn created_at(&self) -> DateTime<Utc> {
        from_bson(self.0.created_at)
    }

    /// When the preset was last changed.
    fn updated_at(&self) -> DateTime<Utc> {
        from_bson(self.0.updated_at)
    }
}

/// The parameters of model calls. Null: the default of the provider.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct GenerationParameters {
    /// Sampling temperature, 0 to 2.
    pub temperature: Option<f64>,
    /// Nucleus sampling, 0 to 1.
    pub top_p: Option<f64>,
    /// The most tokens of an answer.
    pub max_output_tokens: Option<i32>,
    /// The seed of sampling.
    pub seed: Option<i64>,
    /// Texts that end the answer.
    pub stop: Vec<String>,
    /// The JSON Schema of the answer.
    pub json_schema: Option<Json<Value>>,
}

impl From<Parameters> for GenerationParameters {
    fn from(parameters: Parameters) -> Self {
        let Parameters { temperature, top_p, max_output_tokens, seed, stop, json_schema } = parameters;
        Self { temperature, top_p, max_output_tokens, seed, stop, json_schema: json_schema.map(Json) }
    }
}

impl Loader<PresetId> for Batch {
    type Value = Arc<preset::Preset>;
    type Error = Arc<ServiceError>;

    async fn load(&self, keys: &[PresetId]) -> Result<HashMap<PresetId, Self::Value>, Self::Error> {
        let found = self.services.records::<preset::Preset>().by_ids(&self.actor, keys).await?;
        Ok(found.into_iter().map(|preset| (preset.id, Arc::new(preset))).collect())
    }
}

pub(crate) async fn load_preset(ctx: &Context<'_>, id: PresetId) -> Result<Preset> {
    Ok(Preset(ctx.load(id).await?.ok_or_else(|| ApiError::not_found("preset"))?))
}

/// A preset to create.
#[derive(InputObject)]
pub struct CreatePresetInput {
    /// 1 to 120 characters.
    pub name: String,
    /// `provider/model`; absent: the default model.
    pub model: Option<String>,
    /// Instructions before the conversation, up to 100,000 characters.
    pub system: Option<String>,
    /// The parameters of model calls.
    pub parameters: Option<GenerationParametersInput>,
    /// The caller's own id for the call; the same id returns the same preset.
    pub client_id: Option<String>,
}

/// Changes of a preset. Absent fields keep their value.
#[derive(InputObject)]
pub struct UpdatePresetInput {
    /// `preset_…`
    pub preset_id: ID,
    /// The version that the caller has read. If it is not the current one, the answer is `CONFLICT`.
    pub expected_version: Option<i32>,
    /// 1 to 120 characters.
    pub name: Option<String>,
    /// `provider/model`
    pub model: Option<String>,
    /// Instructions before the conversation, up to 100,000 characters.
    pub system: Option<String>,
    /// The parameters of model calls, replaced as a whole.
    pub parameters: Option<GenerationParametersInput>,
}

/// A preset to delete.
#[derive(InputObject)]
pub struct DeletePresetInput {
    /// `preset_…`
    pub preset_id: ID,
}

/// A preset.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct PresetPayload {
    /// The preset after the mutation.
    pub preset: Preset,
}

/// Queries of presets.
#[derive(Default)]
pub struct PresetQuery;

#[Object]
impl PresetQuery {
    /// Fetches a preset of the caller's by its id.
    async fn preset(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`preset_…`")] id: ID,
    ) -> Result<Option<Preset>> {
        load_preset(ctx, parse_id("id", &id)?).await.map(Some)
    }

    /// Lists the caller's presets, newest first.
    async fn presets(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the front; 20 unless told, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the back.")] last: Option<i32>,
        #[graphql(desc = "Go back before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Preset>> {
        let args = page_args(first, after, last, before);
        let presets = ctx.services().records::<preset::Preset>();
        Ok(Connection::of(presets.list(ctx.actor()?, &args).await?, Preset))
    }
}

/// Mutations of presets.
#[derive(Default)]
pub struct PresetMutation;

#[Object]
impl PresetMutation {
    /// Creates a preset. Repeating it with the same `clientId` returns the same preset.
    async fn create_preset(&self, ctx: &Context<'_>, input: CreatePresetInput) -> Result<PresetPayload> {
        let CreatePresetInput { name, model, system, parameters, client_id } = input;
        let fields = PresetFields { name: Some(name), model, system, parameters: parameters.map(Into::into) };
        let preset = ctx.services().create_preset(ctx.actor()?, fields, client_id).await?;
        Ok(PresetPayload { preset: Preset(preset) })
    }

    /// Changes a preset. Repeating it without `expectedVersion` only raises the version.
    async fn update_preset(&self, ctx: &Context<'_>, input: UpdatePresetInput) -> Result<PresetPayload> {
        let UpdatePresetInput { preset_id, expected_version, name, model, system, parameters } = input;
        let id = parse_id("presetId", &preset_id)?;
        let fields = PresetFields { name, model, system, parameters: parameters.map(Into::into) };
        let preset = ctx.services().update_preset(ctx.actor()?, id, fields, expected_version).await?;
        Ok(PresetPayload { preset: Preset(preset) })
    }

    /// Deletes a preset. Repeating it answers `NOT_FOUND`.
    async fn delete_preset(&self, ctx: &Context<'_>, input: DeletePresetInput) -> Result<DeletePayload> {
        let id = parse_id("presetId", &input.preset_id)?;
        ctx.services().records::<preset::Preset>().delete(ctx.actor()?, id).await?;
        Ok(DeletePayload { deleted_id: input.preset_id })
    }
}
