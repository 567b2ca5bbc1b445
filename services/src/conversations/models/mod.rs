//! The configured models: the built-in demo model and those of the configured providers, with their prices.
//!
//! Requests to providers are in `engine`.

mod price;
mod provider;

pub use price::Price;
pub use provider::{ModelRef, ProviderConfig, ProviderKind};

use std::sync::Arc;

use secrecy::ExposeSecret as _;
use triptych_entities::documents::conversations::generation::Usage;
use triptych_stores::error::Problem;

/// The built-in model, which needs neither network nor key.
pub const DEMO_MODEL: &str = "demo/echo";
const DEMO_PROVIDER: &str = "demo";
/// Maximum length of a model name, in characters. Longer than the names of all providers.
const MAX_NAME: usize = 200;

/// The name of a configured model, as `provider/model`. Up to 200 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ModelName(String);

impl ModelName {
    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

/// The configured models.
#[derive(Clone, Debug)]
pub struct Models {
    providers: Arc<[ProviderConfig]>,
    default_model: Arc<str>,
}

impl Models {
    /// # Errors
    /// One problem for each invalid provider, with its index in the list.
    pub fn new(
        providers: Vec<ProviderConfig>,
        default_model: Option<String>,
    ) -> Result<Self, triptych_stores::error::Invalid> {
        let mut problems = Vec::new();
        for (n, provider) in providers.iter().enumerate() {
            if let Err(message) = provider.check() {
                problems.push(Problem::new(format!("providers.{n}"), message));
            }
            if provider.name == DEMO_PROVIDER
                || providers[..n].iter().any(|other| other.name == provider.name)
            {
                let message = format!("the name `{}` is already used", provider.name);
                problems.push(Problem::new(format!("providers.{n}.name"), message));
            }
        }
        let models = Self {
            providers: providers.into(),
            default_model: default_model.unwrap_or_else(|| DEMO_MODEL.to_owned()).into(),
        };
        if let Err(message) = models.check(&models.default_model) {
            problems.push(Problem::new("default_model", message));
        }
        triptych_stores::error::Invalid::check(problems)?;
        Ok(models)
    }

    /// The model of requests that name none.
    #[must_use]
    pub fn default_model(&self) -> &str {
        &self.default_model
    }

    #[must_use]
    pub fn providers(&self) -> &[ProviderConfig] {
        &self.providers
    }

    /// Finds the provider of a model.
    ///
    /// # Errors
    /// A message that lists the configured providers.
    pub fn resolve<'a>(&'a self, model: &'a str) -> Result<ModelRef<'a>, String> {
        if model == DEMO_MODEL {
            return Ok(ModelRef::Demo);
        }
        let unknown =
            || format!("unknown model `{}`; {}", model.chars().take(80).collect::<String>(), self.offer());
        let (provider, name) = model.split_once('/').ok_or_else(unknown)?;
        if name.is_empty() || model.chars().count() > MAX_NAME {
            return Err(unknown());
        }
        let provider = self.providers.iter().find(|known| known.name == provider).ok_or_else(unknown)?;
        Ok(ModelRef::Provider { provider, name })
    }

    /// Checks that a model is configured.
    ///
    /// # Errors
    /// As [`Models::resolve`].
    pub fn check(&self, model: &str) -> Result<(), String> {
        self.resolve(model).map(|_| ())
    }

    /// The name of a configured model.
    ///
    /// # Errors
    /// As [`Models::resolve`].
    pub(crate) fn parse(&self, model: &str) -> Result<ModelName, String> {
        self.resolve(model).map(|_| ModelName(model.to_owned()))
    }

    fn offer(&self) -> String {
        let mut offer = format!("there is `{DEMO_MODEL}`");
        for provider in &*self.providers {
            offer.push_str(", `");
            offer.push_str(&provider.name);
            offer.push_str("/<model>`");
        }
        offer
    }

    /// Calculates the cost of tokens, in millionths of a unit of the currency. Zero if no price is configured.
    #[must_use]
    pub fn cost_micros(&self, model: &str, usage: &Usage) -> i64 {
        match self.resolve(model) {
            Ok(ModelRef::Provider { provider, name }) => {
                provider.prices.get(name).map_or(0, |price| price.of(usage))
            }
            _ => 0,
        }
    }

    /// Removes all configured API keys from a text, so that messages of providers can be shown.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        self.providers
            .iter()
            .filter_map(|provider| provider.api_key.as_ref())
            .map(secrecy::SecretString::expose_secret)
            .filter(|key| !key.is_empty())
            .fold(text.to_owned(), |text, key| text.replace(key, "…"))
    }
}
