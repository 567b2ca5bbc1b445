//! Model providers.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use triptych_services::conversations::models::Price;

use super::problems::Problems;

use super::Secret;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderConfig {
    /// The protocol it speaks.
    pub kind: ProviderKind,
    /// Unset: the kind's own public address.
    pub base_url: Option<String>,
    pub api_key: Option<Secret>,
    /// What tokens cost, by the model's name without the provider's. Without a price, nothing.
    #[serde(default)]
    pub prices: HashMap<String, Price>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProviderKind {
    /// Also everything compatible with it.
    OpenAi,
    Anthropic,
    Gemini,
    Ollama,
}

impl ProviderConfig {
    pub(super) fn validate(&self, name: &str, problems: &mut Problems<'_>) {
        if let Some(url) = &self.base_url {
            let fits = reqwest::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
            problems.require(
                fits,
                &format!("providers.{name}.base_url"),
                "a URL that begins with http:// or https://",
            );
        }
        let plain = name != "demo" && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        problems.require(
            plain,
            &format!("providers.{name}"),
            "a name of letters, digits, _ or -, other than `demo`",
        );
    }
}
