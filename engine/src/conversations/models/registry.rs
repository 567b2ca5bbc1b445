//! Finds models by name.

use std::{collections::HashMap, sync::Arc};

use triptych_services::conversations::models::{ModelRef, Models};

use super::{
    Model, ModelError,
    demo::{Demo, DemoConfig},
    provider::Provider,
};

/// The models that this process can call.
#[derive(Clone)]
pub struct ModelRegistry {
    models: Models,
    demo: Arc<Demo>,
    providers: Arc<HashMap<String, Arc<Provider>>>,
}

impl ModelRegistry {
    /// # Errors
    /// If no HTTP client can be created, as without certificates.
    pub fn new(models: Models, demo: DemoConfig) -> Result<Self, ModelError> {
        let providers = models
            .providers()
            .iter()
            .map(|config| Ok((config.name.clone(), Arc::new(Provider::new(config, models.clone())?))))
            .collect::<Result<_, ModelError>>()?;
        Ok(Self { models, demo: Arc::new(Demo::new(demo)), providers: Arc::new(providers) })
    }

    /// Finds the provider of a model, and the name of the model at the provider.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a model that is not configured.
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
