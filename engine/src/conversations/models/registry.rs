//! From a model's name to the one who answers.

use std::{collections::HashMap, sync::Arc};

use triptych_services::conversations::models::{ModelRef, Models};

use super::{
    Model, ModelError,
    demo::{Demo, DemoConfig},
    provider::Provider,
};

/// The models that this process can ask.
#[derive(Clone)]
pub struct ModelRegistry {
    models: Models,
    demo: Arc<Demo>,
    providers: Arc<HashMap<String, Arc<Provider>>>,
}

impl ModelRegistry {
    /// # Errors
    /// If an HTTP client cannot be made, for want of certificates.
    pub fn new(models: Models, demo: DemoConfig) -> Result<Self, ModelError> {
        let providers = models
            .providers()
            .iter()
            .map(|config| Ok((config.name.clone(), Arc::new(Provider::new(config, models.clone())?))))
            .collect::<Result<_, ModelError>>()?;
        Ok(Self { models, demo: Arc::new(Demo::new(demo)), providers: Arc::new(providers) })
    }

    /// Who answers for this model, and the model's name there.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a model that is not, or no longer, configured.
    pub fn resolve(&self, model: &str) -> Result<(Arc<dyn Model>, String), ModelError> {
        let unknown = |message| ModelError::permanent(ModelError::BAD_USER_INPUT, message);
        match self.models.resolve(model).map_err(unknown)? {
            ModelRef::Demo => Ok((self.demo.clone(), "echo".to_owned())),
            ModelRef::Provider { provider, name } => {
                let found = self.providers.get(&provider.name);
                let found = found.ok_or_else(|| unknown(format!("unknown provider `{}`", provider.name)))?;
                Ok((found.clone(), name.to_owned()))
            }
        }
    }
}
