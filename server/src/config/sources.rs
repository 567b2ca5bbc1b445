//! The sources of settings, merged; each value keeps its origin.

use std::path::{Path, PathBuf};

use figment::providers::{Format, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::{ConfigError, Overrides};

const DEFAULTS: &str = include_str!("default.toml");
const PREFIX: &str = "TRIPTYCH__";
const FILE: &str = "triptych.toml";

/// What the process reads settings from, apart from its flags.
pub(super) struct Surroundings {
    /// Folder that may contain `triptych.toml`.
    pub(super) folder: PathBuf,
    /// Names and values of environment variables.
    pub(super) variables: Vec<(String, String)>,
}

impl Surroundings {
    pub(super) fn of_process() -> Self {
        // All settings have Unicode names and values.
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place where settings are read from the environment"
        )]
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self { folder: PathBuf::from("."), variables }
    }
}

/// The built-in defaults.
pub(super) fn defaults() -> Figment {
    Figment::from(Toml::string(DEFAULTS))
}

pub(super) fn gather(overrides: &Overrides, surroundings: &Surroundings) -> Result<Figment, ConfigError> {
    let mut sources = defaults();
    let usual = surroundings.folder.join(FILE);
    match &overrides.config {
        Some(path) if !path.is_file() => {
            return Err(ConfigError::File(format!("{} (--config) is not a file", path.display())));
        }
        Some(path) => sources = sources.merge(file(path)?),
        None if usual.is_file() => sources = sources.merge(file(&usual)?),
        None => {}
    }
    for (name, value) in &surroundings.variables {
        if let Some(key) = name.strip_prefix(PREFIX) {
            let key = key.to_lowercase().replace("__", ".");
            sources = sources.merge(Single {
                origin: format!("environment variable {name}"),
                key,
                value: parse(value),
            });
        }
    }
    for (flag, key, value) in overrides.given() {
        let origin = format!("flag {flag}");
        sources = sources.merge(Single { origin, key: key.to_owned(), value: Value::from(value) });
    }
    Ok(sources)
}

/// Reads the file at once, so that a syntax error is reported as such.
fn file(path: &Path) -> Result<impl Provider, ConfigError> {
    let provider = Toml::file_exact(path);
    match provider.data() {
        Ok(_) => Ok(provider),
        Err(error) => Err(ConfigError::File(format!("{} is not valid TOML: {}", path.display(), error.kind))),
    }
}

/// Numbers and booleans are recognised by their syntax; everything else is text.
fn parse(value: &str) -> Value {
    let Ok(parsed) = value.parse::<Value>();
    parsed
}

/// One value from one source.
struct Single {
    origin: String,
    key: String,
    value: Value,
}

impl Provider for Single {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.origin.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let nested = figment::util::nest(&self.key, self.value.clone());
        Ok(Profile::Default.collect(nested.into_dict().unwrap_or_default()))
    }
}
