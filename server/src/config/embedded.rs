//! Private databases.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Section, problems::SectionProblems};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbeddedConfig {
    /// Folder of the files of the private databases.
    pub root: PathBuf,
}

impl Section for EmbeddedConfig {
    fn validate(&self, problems: &mut SectionProblems<'_, '_>) {
        problems.require(!self.root.as_os_str().is_empty(), "root", "the path of a folder");
    }
}
