//! The settings that every command takes as flags.

use std::path::PathBuf;

use clap::Args;

/// Flags that were given; `None` leaves the setting to the other sources.
#[derive(Debug, Clone, Default, Args)]
pub struct Overrides {
    /// Configuration file [default: triptych.toml, if it exists]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Address and port to listen on
    #[arg(long, global = true, value_name = "ADDRESS:PORT")]
    pub bind: Option<String>,
    /// PostgreSQL to use instead of a private server
    #[arg(long, global = true, value_name = "URL")]
    pub postgres_url: Option<String>,
    /// MongoDB to use instead of a private server
    #[arg(long, global = true, value_name = "URL")]
    pub mongo_url: Option<String>,
    /// Redis to use for every purpose instead of a private server
    #[arg(long, global = true, value_name = "URL")]
    pub redis_url: Option<String>,
    /// Log level, or levels by module, such as `info,sqlx=warn`
    #[arg(long, global = true, value_name = "LEVELS")]
    pub log: Option<String>,
}

impl Overrides {
    /// Flag, key and value of each flag that was given.
    pub(super) fn given(&self) -> impl Iterator<Item = (&'static str, &'static str, &str)> {
        [
            ("--bind", "http.bind", &self.bind),
            ("--postgres-url", "postgres.url", &self.postgres_url),
            ("--mongo-url", "mongo.url", &self.mongo_url),
            ("--redis-url", "redis.url", &self.redis_url),
            ("--log", "telemetry.log", &self.log),
        ]
        .into_iter()
        .filter_map(|(flag, key, value)| Some((flag, key, value.as_deref()?)))
    }
}
