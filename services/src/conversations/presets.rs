//! Presets: models with a system prompt and parameters, for new conversations.

use serde::Serialize;
use triptych_entities::documents::conversations::{generation::Parameters, preset::Preset};
use triptych_stores::{access::Actor, collections::Change, error::Result};

use super::parameters;
use crate::{
    Services,
    input::{Name, Problems},
    records::Fields,
};

#[derive(Debug, Clone, Default, Serialize)]
pub struct PresetFields {
    pub name: Option<String>,
    pub model: Change<String>,
    pub system: Change<String>,
    pub parameters: Option<Parameters>,
}

impl Fields for PresetFields {
    type Content = Preset;

    async fn check(&mut self, services: &Services, _: &Actor, problems: &mut Problems) -> Result<()> {
        let models = services.generations.models();
        problems.normalize("name", &mut self.name, |name| Name::parse(name).map(Name::into_string));
        problems.given("model", self.model.as_ref(), |model| models.check(model));
        problems.given("system", self.system.as_ref(), |system| parameters::check_system(system));
        parameters::check(self.parameters.as_ref(), problems);
        Ok(())
    }

    fn content(self) -> Result<Preset, &'static str> {
        let Self { name, model, system, parameters } = self;
        let name = name.ok_or("name")?;
        let (model, system) = (model.value(), system.value());
        Ok(Preset { name, model, system, parameters: parameters.unwrap_or_default() })
    }
}
