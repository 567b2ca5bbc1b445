//! The MongoDB to use.

use serde::{Deserialize, Serialize};

use super::{DatabaseUrl, Section, check, problems::SectionProblems};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MongoConfig {
    /// Unset: a private server is started.
    pub url: Option<DatabaseUrl>,
    /// The database that holds the collections.
    pub database: String,
}

impl Section for MongoConfig {
    fn validate(&self, problems: &mut SectionProblems<'_, '_>) {
        check::database_url(problems, "url", self.url.as_ref(), &["mongodb", "mongodb+srv"]);
        let valid = check::is_name(&self.database) && self.database.len() < 64;
        problems.require(valid, "database", "1 to 63 letters, digits, _ or -");
    }
}
