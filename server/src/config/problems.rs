//! Collects all problems of a configuration with their sources, so that they can be corrected together.

use figment::Figment;

use super::{Config, ConfigError, Problem};

pub(super) struct Problems<'a> {
    sources: &'a Figment,
    found: Vec<Problem>,
}

impl<'a> Problems<'a> {
    pub(super) fn new(sources: &'a Figment) -> Self {
        Self { sources, found: Vec::new() }
    }

    /// Reports a problem with the value of `key`, such as `http.bind`.
    pub(super) fn add(&mut self, key: &str, message: impl Into<String>) {
        self.found.push(Problem { key: key.to_owned(), source: self.source(key), message: message.into() });
    }

    /// A view for one section, whose keys are relative to it.
    pub(super) fn section(&mut self, name: &'static str) -> SectionProblems<'_, 'a> {
        SectionProblems { name, problems: self }
    }

    pub(super) fn into_result(self, config: Option<Config>) -> Result<Config, ConfigError> {
        match config {
            Some(config) if self.found.is_empty() => Ok(config),
            _ => Err(ConfigError::Invalid(self.found)),
        }
    }

    /// The source of the current value of a key.
    fn source(&self, key: &str) -> String {
        let Some(metadata) = self.sources.find_metadata(key) else { return "not set".to_owned() };
        match &metadata.source {
            Some(figment::Source::File(path)) => path.display().to_string(),
            _ if metadata.name.starts_with("flag ") || metadata.name.starts_with("environment ") => {
                metadata.name.to_string()
            }
            _ => "built-in default".to_owned(),
        }
    }
}

/// The problems of one section.
pub(super) struct SectionProblems<'p, 'a> {
    name: &'static str,
    problems: &'p mut Problems<'a>,
}

impl SectionProblems<'_, '_> {
    pub(super) fn add(&mut self, key: &str, message: impl Into<String>) {
        self.problems.add(&format!("{}.{key}", self.name), message);
    }

    /// Reports a problem unless `holds`.
    pub(super) fn require(&mut self, holds: bool, key: &str, expected: &str) {
        if !holds {
            self.add(key, format!("expected {expected}"));
        }
    }
}
