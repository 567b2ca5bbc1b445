//! What the command line may set.

use std::path::PathBuf;

/// Flags that were given; `None` leaves the setting to the other sources.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `--config`: the file to read, which has to exist then.
    pub config: Option<PathBuf>,
    /// `--bind`
    pub bind: Option<String>,
    /// `--postgres-url`
    pub postgres_url: Option<String>,
    /// `--mongo-url`
    pub mongo_url: Option<String>,
    /// `--redis-url`: one server for every purpose.
    pub redis_url: Option<String>,
    /// `--log`
    pub log: Option<String>,
}

impl Overrides {
    /// Flag, key and value of what was given.
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
