//! The configuration of a model provider.

use std::collections::HashMap;

use secrecy::SecretString;
use serde::Deserialize;

use super::Price;

/// The API protocol of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderKind {
    /// The chat completions API of `OpenAI`, and of servers that are compatible with it. Requires a `base_url` unless
    /// the provider is `OpenAI`.
    OpenaiCompatible,
    Anthropic,
    Gemini,
    Ollama,
}

/// The configuration of a provider.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderConfig {
    /// The part before the slash in the names of its models.
    pub name: String,
    pub kind: ProviderKind,
    /// The base URL of the API, such as `https://host/v1`. Defaults to the public URL of the provider.
    #[serde(default)]
    pub base_url: Option<String>,
    #[serde(default)]
    pub api_key: Option<SecretString>,
    /// Models to list. Other models of the provider can be used too.
    #[serde(default)]
    pub models: Vec<String>,
    /// Prices by model name, without the name of the provider.
    #[serde(default)]
    pub prices: HashMap<String, Price>,
}

impl ProviderConfig {
    /// # Errors
    /// A message that describes the problem.
    pub(super) fn check(&self) -> Result<(), String> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        if self.name.is_empty() || !self.name.chars().all(plain) {
            return Err("`name` may only contain lower-case letters, digits, `-` and `_`".to_owned());
        }
        match &self.base_url {
            Some(url) if !url.starts_with("http://") && !url.starts_with("https://") => {
                Err("`base_url` must start with `http://` or `https://`".to_owned())
            }
            _ => Ok(()),
        }
    }
}

/// The provider of a model.
#[derive(Debug, Clone, Copy)]
pub enum ModelRef<'a> {
    /// The built-in demo model.
    Demo,
    Provider {
        provider: &'a ProviderConfig,
        /// The name of the model at the provider.
        name: &'a str,
    },
}
