//! Model providers.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use triptych_services::conversations::models::Price;

use super::{Secret, Section, check, problems::SectionProblems};

/// Providers by name.
pub type Providers = BTreeMap<String, ProviderConfig>;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderConfig {
    /// The protocol.
    pub kind: ProviderKind,
    /// Unset: the public address of the kind.
    pub base_url: Option<String>,
    pub api_key: Option<Secret>,
    /// Price of tokens by the name of the model, without the provider's. A model without a price costs nothing.
    #[serde(default)]
    pub prices: HashMap<String, Price>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProviderKind {
    /// OpenAI, and every service with a compatible API.
    OpenAi,
    Anthropic,
    Gemini,
    Ollama,
}

impl Section for Providers {
    fn validate(&self, problems: &mut SectionProblems<'_, '_>) {
        for (name, provider) in self {
            check::web_url(problems, &format!("{name}.base_url"), provider.base_url.as_deref());
            let valid = name != "demo" && check::is_name(name);
            problems.require(valid, name, "a name of letters, digits, _ or -, other than `demo`");
        }
    }
}
