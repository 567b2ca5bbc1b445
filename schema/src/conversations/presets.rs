//! Presets.

use async_graphql::{InputObject, MaybeUndefined, Object};
use triptych_entities::documents::{conversations::preset, record::Record};
use triptych_services::{conversations::presets::PresetFields, error::Invalid};

use super::parameters::{GenerationParameters, GenerationParametersInput};
use crate::{
    change::change,
    collection::{RecordFields, Resource},
};

pub struct Preset(Record<preset::Preset>);

/// A model, a system prompt and parameters for new conversations.
#[Object(crate = "crate::output")]
impl Preset {
    #[graphql(flatten)]
    fn record(&self) -> RecordFields<'_, preset::Preset> {
        RecordFields(&self.0)
    }

    /// The name, 1 to 120 characters.
    fn name(&self) -> &str {
        &self.0.content.name
    }

    /// `provider/model`; null for the default model.
    fn model(&self) -> Option<&str> {
        self.0.content.model.as_deref()
    }

    /// The system prompt.
    fn system(&self) -> Option<&str> {
        self.0.content.system.as_deref()
    }

    /// The parameters of model calls.
    fn parameters(&self) -> GenerationParameters {
        self.0.content.parameters.clone().into()
    }
}

/// The fields of a preset.
#[derive(InputObject)]
pub struct PresetInput {
    /// The name, 1 to 120 characters.
    name: Option<String>,
    /// `provider/model`; null for the default model.
    model: MaybeUndefined<String>,
    /// The system prompt, up to 100,000 characters.
    system: MaybeUndefined<String>,
    /// The parameters of model calls, replaced as a whole.
    parameters: Option<GenerationParametersInput>,
}

impl From<Record<preset::Preset>> for Preset {
    fn from(record: Record<preset::Preset>) -> Self {
        Self(record)
    }
}

impl Resource for Preset {
    type Content = preset::Preset;
    type Fields = PresetFields;
    type Input = PresetInput;
    const ONE: &'static str = "preset";
    const REQUIRED: &'static [&'static str] = &["name"];

    fn fields(input: PresetInput) -> Result<PresetFields, Invalid> {
        let PresetInput { name, model, system, parameters } = input;
        let parameters = parameters.map(Into::into);
        Ok(PresetFields { name, model: change(model), system: change(system), parameters })
    }
}
