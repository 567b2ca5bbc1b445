//! A configured provider of models.

use std::collections::HashMap;

use secrecy::SecretString;
use serde::Deserialize;

use super::Price;

/// The protocol that a provider speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderKind {
    /// Chat completions as `OpenAI` defined them, wherever they are served. Needs a `base_url` unless it is
    /// `OpenAI` itself.
    OpenaiCompatible,
    Anthropic,
    Gemini,
    Ollama,
}

/// A provider as it is configured.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderConfig {
    /// What stands before the slash of its models' names.
    pub name: String,
    pub kind: ProviderKind,
    /// Where its API begins, `https://host/v1`; the provider's own address when absent.
    #[serde(default)]
    pub base_url: Option<String>,
    #[serde(default)]
    pub api_key: Option<SecretString>,
    /// Models to offer for choice. Others can be asked for all the same.
    #[serde(default)]
    pub models: Vec<String>,
    /// Prices, by the model's name without the provider's.
    #[serde(default)]
    pub prices: HashMap<String, Price>,
}

impl ProviderConfig {
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub(super) fn check(&self) -> Result<(), String> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        if self.name.is_empty() || !self.name.chars().all(plain) {
            return Err("`name` must be of lower-case letters, digits, `-` and `_`".to_owned());
        }
        match &self.base_url {
            Some(url) if !url.starts_with("http://") && !url.starts_with("https://") => {
                Err("`base_url` must begin with `http://` or `https://`".to_owned())
            }
            _ => Ok(()),
        }
    }
}

/// Where a model is to be found.
#[derive(Debug, Clone, Copy)]
pub enum ModelRef<'a> {
    /// Built in.
    Demo,
    Provider {
        provider: &'a ProviderConfig,
        /// The model's name as the provider knows it.
        name: &'a str,
    },
}
