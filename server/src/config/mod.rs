//! The configuration: built-in defaults, then `triptych.toml`, then `TRIPTYCH__SECTION__KEY` variables, then
//! flags; each later one wins.
//!
//! Owns the names, types and limits of every setting, and telling people what is wrong with theirs. Must not
//! know what the settings are for.

mod check;
mod demo;
mod embedded;
mod error;
mod http;
mod limits;
mod mongo;
mod overrides;
mod postgres;
mod problems;
mod providers;
mod redis;
mod secrets;
mod sensitive;
mod sessions;
mod sources;
mod telemetry;
#[cfg(test)]
mod tests;
mod workers;

use std::collections::BTreeMap;

use serde::Serialize;

pub use self::redis::RedisConfig;
pub use demo::DemoConfig;
pub use embedded::EmbeddedConfig;
pub use error::{ConfigError, Problem};
pub use http::HttpConfig;
pub use limits::LimitsConfig;
pub use mongo::MongoConfig;
pub use overrides::Overrides;
pub use postgres::PostgresConfig;
pub use providers::{ProviderConfig, ProviderKind};
pub use secrets::{MasterKey, SecretsConfig};
pub use sensitive::{DatabaseUrl, Secret};
pub use sessions::SessionsConfig;
pub use telemetry::{LogFormat, TelemetryConfig};
pub use workers::WorkersConfig;

/// Every setting, one field a section.
#[derive(Debug, Clone, Serialize)]
pub struct Config {
    pub http: HttpConfig,
    pub postgres: PostgresConfig,
    pub mongo: MongoConfig,
    pub redis: RedisConfig,
    pub workers: WorkersConfig,
    pub demo: DemoConfig,
    pub sessions: SessionsConfig,
    pub limits: LimitsConfig,
    pub telemetry: TelemetryConfig,
    pub embedded: EmbeddedConfig,
    pub secrets: SecretsConfig,
    /// Model providers by the name that agents and steps refer to.
    pub providers: BTreeMap<String, ProviderConfig>,
}

impl Config {
    /// Reads and checks everything.
    ///
    /// # Errors
    /// Names every wrong setting with its source and what was expected.
    pub fn load(overrides: &Overrides) -> Result<Self, ConfigError> {
        Self::load_from(overrides, &sources::Surroundings::of_process())
    }

    fn load_from(overrides: &Overrides, surroundings: &sources::Surroundings) -> Result<Self, ConfigError> {
        let sources = sources::gather(overrides, surroundings)?;
        let mut problems = problems::Problems::new(&sources);
        let config = problems.read_all();
        match config {
            Some(config) => {
                config.validate(&mut problems);
                problems.into_result(config)
            }
            None => Err(problems.into_error()),
        }
    }

    /// The configuration in the form of `triptych.toml`, without passwords and keys.
    ///
    /// # Errors
    /// Only if a value cannot be written as TOML, such as a folder whose name is not Unicode.
    pub fn to_redacted_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string_pretty(self)
    }

    fn validate(&self, problems: &mut problems::Problems<'_>) {
        self.http.validate(problems);
        self.postgres.validate(problems);
        self.mongo.validate(problems);
        self.redis.validate(problems);
        self.workers.validate(problems);
        self.demo.validate(problems);
        self.sessions.validate(problems);
        self.limits.validate(problems);
        self.telemetry.validate(problems);
        self.secrets.validate(problems);
        for (name, provider) in &self.providers {
            provider.validate(name, problems);
        }
    }
}
