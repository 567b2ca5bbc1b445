//! The configuration: built-in defaults, then `triptych.toml`, then `TRIPTYCH__SECTION__KEY` variables, then flags;
//! each later source overrides the earlier ones.
//!
//! Owns the names, types and limits of all settings, and the messages about wrong ones. Must not know what the
//! settings are for.
//!
//! A new section is a file with its struct and its implementation of `Section`, its `mod`, one line of `sections!`, and
//! its defaults in `default.toml`.

mod audit;
mod check;
mod demo;
mod embedded;
mod error;
mod graphql;
mod http;
mod identity;
mod limits;
mod mail;
mod mongo;
mod network;
mod ops;
mod outbound;
mod overrides;
mod postgres;
mod problems;
mod providers;
mod quotas;
mod read;
mod redis;
mod secrets;
mod sensitive;
mod sessions;
mod sources;
mod telemetry;
#[cfg(test)]
mod tests;
mod workers;

use serde::{Deserialize, Serialize};

pub use error::{ConfigError, Problem};
pub use identity::SignUp;
pub use network::Network;
pub use overrides::Overrides;
pub use providers::{ProviderConfig, ProviderKind};
pub use secrets::MasterKey;
pub use sensitive::{DatabaseUrl, Secret};
pub use telemetry::LogFormat;

use problems::{Problems, SectionProblems};

/// The validation of a section, in addition to its types.
trait Section {
    /// Reports every value that is out of range.
    fn validate(&self, problems: &mut SectionProblems<'_, '_>);
}

/// Declares the sections, each in one line: a field of [`Config`], its type's export, its name in the file and the
/// call of its validation would otherwise be four lists.
macro_rules! sections {
    ($($(#[$doc:meta])* $name:ident: $section:ident),+ $(,)?) => {
        $(pub use self::$name::$section;)+

        /// Every setting, one field a section.
        #[derive(Debug, Clone, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Config {
            $($(#[$doc])* pub $name: $section,)+
        }

        impl Config {
            fn validate(&self, problems: &mut Problems<'_>) {
                $(self.$name.validate(&mut problems.section(stringify!($name)));)+
            }
        }
    };
}

sections! {
    http: HttpConfig,
    graphql: GraphqlConfig,
    ops: OpsConfig,
    postgres: PostgresConfig,
    mongo: MongoConfig,
    redis: RedisConfig,
    workers: WorkersConfig,
    demo: DemoConfig,
    identity: IdentityConfig,
    sessions: SessionsConfig,
    audit: AuditConfig,
    mail: MailConfig,
    limits: LimitsConfig,
    outbound: OutboundConfig,
    quotas: QuotasConfig,
    telemetry: TelemetryConfig,
    embedded: EmbeddedConfig,
    secrets: SecretsConfig,
    /// Model providers by the name that agents and steps refer to.
    #[serde(default)]
    providers: Providers,
}

impl Config {
    /// Reads and validates all settings.
    ///
    /// # Errors
    /// Names every wrong setting with its source and the expected value.
    pub fn load(overrides: &Overrides) -> Result<Self, ConfigError> {
        Self::load_from(overrides, &sources::Surroundings::of_process())
    }

    fn load_from(overrides: &Overrides, surroundings: &sources::Surroundings) -> Result<Self, ConfigError> {
        let sources = sources::gather(overrides, surroundings)?;
        let mut problems = Problems::new(&sources);
        let config = read::read(&sources, &mut problems);
        if let Some(config) = &config {
            config.validate(&mut problems);
        }
        problems.into_result(config)
    }

    /// The configuration in the form of `triptych.toml`, without passwords and keys.
    ///
    /// # Errors
    /// Only if a value cannot be written as TOML, such as a folder whose name is not Unicode.
    pub fn to_redacted_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string_pretty(self)
    }
}
