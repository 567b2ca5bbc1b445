//! What the API tells about its schema.

use serde::{Deserialize, Serialize};

use super::{Section, problems::SectionProblems};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GraphqlConfig {
    /// Whether clients can read the schema (`__schema`, `__type`). The playground requires it.
    pub introspection: bool,
    /// Whether errors about unknown names suggest existing ones.
    pub suggestions: bool,
}

impl Section for GraphqlConfig {
    fn validate(&self, _: &mut SectionProblems<'_, '_>) {}
}
