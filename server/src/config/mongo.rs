//! The MongoDB to use.

use serde::{Deserialize, Serialize};

use super::problems::Problems;

use super::{DatabaseUrl, check};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MongoConfig {
    /// Unset: a private server is started.
    pub url: Option<DatabaseUrl>,
    /// The database that holds the collections.
    pub database: String,
}

impl MongoConfig {
    pub(super) fn validate(&self, problems: &mut Problems<'_>) {
        check::url(problems, "mongo.url", self.url.as_ref(), &["mongodb", "mongodb+srv"]);
        let plain = !self.database.is_empty()
            && self.database.len() < 64
            && self.database.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        problems.require(plain, "mongo.database", "1 to 63 letters, digits, _ or -");
    }
}
