//! Presets: models with instructions and parameters, kept to start conversations with. What is not here does
//! [`Records`](crate::records::Records).

use mongodb::bson::serialize_to_bson;
use triptych_entities::{
    documents::{
        conversations::{generation::Parameters, preset::Preset},
        to_bson,
    },
    ids::PresetId,
};
use triptych_stores::{
    access::Actor,
    collections::Changes,
    error::{Result, ServiceError},
};

use super::parameters;
use crate::{
    Services,
    input::{ClientId, Name, Problems},
};

/// The fields of a preset that are given; absent ones keep their value, or have none in a new preset.
#[derive(Debug, Clone, Default)]
pub struct PresetFields {
    pub name: Option<String>,
    pub model: Option<String>,
    pub system: Option<String>,
    pub parameters: Option<Parameters>,
}

impl Services {
    /// Creates a preset that the caller owns. Repeating it with the same idempotency key returns the same one.
    ///
    /// # Errors
    /// `Invalid` with each wrong field.
    pub async fn create_preset(
        &self,
        actor: &Actor,
        fields: PresetFields,
        client_id: Option<String>,
    ) -> Result<Preset> {
        let mut problems = self.preset_problems(&fields);
        problems.parsed("clientId", client_id.as_deref().map(ClientId::parse).transpose());
        let name = problems.parsed("name", Name::parse(fields.name.as_deref().unwrap_or_default()));
        let Some(name) = name else { return Err(problems.invalid()) };
        problems.check()?;
        let now = to_bson(self.mint.now());
        let preset = Preset {
            id: self.mint.id(),
            organization_id: actor.organization,
            owner_id: actor.user,
            version: 1,
            name: name.into_string(),
            model: fields.model,
            system: fields.system,
            parameters: fields.parameters.unwrap_or_default(),
            client_id,
            created_at: now,
            updated_at: now,
        };
        self.records().create(actor, preset).await
    }

    /// Changes the fields that are given.
    ///
    /// # Errors
    /// `Invalid` with each wrong field; `Conflict` if the version of the preset is not `expected`.
    pub async fn update_preset(
        &self,
        actor: &Actor,
        id: PresetId,
        fields: PresetFields,
        expected: Option<i32>,
    ) -> Result<Preset> {
        let mut problems = self.preset_problems(&fields);
        let name = problems.parsed("name", fields.name.as_deref().map(Name::parse).transpose());
        let Some(name) = name else { return Err(problems.invalid()) };
        problems.check()?;
        let parameters = fields.parameters.as_ref().map(serialize_to_bson).transpose();
        let changes = Changes::at(self.mint.now())
            .set_some("name", name.map(Name::into_string))
            .set_some("model", fields.model)
            .set_some("system", fields.system)
            .set_some("parameters", parameters.map_err(|error| ServiceError::Internal(error.to_string()))?);
        self.records::<Preset>().patch(actor, id, changes, expected).await
    }

    fn preset_problems(&self, fields: &PresetFields) -> Problems {
        let mut problems = Problems::default();
        let models = self.generations.models();
        problems.parsed("model", fields.model.as_deref().map_or(Ok(()), |model| models.check(model)));
        problems.parsed("system", parameters::check_system(fields.system.as_deref()));
        parameters::check(&fields.parameters.clone().unwrap_or_default(), &mut problems);
        problems
    }
}
