//! The Redis servers to use: one for each of three purposes, or one for all.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{DatabaseUrl, Section, check, problems::SectionProblems};

const SCHEMES: [&str; 2] = ["redis", "rediss"];

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisConfig {
    /// For every purpose without a URL of its own. All unset: a private server is started.
    pub url: Option<DatabaseUrl>,
    /// Job queues.
    pub queue_url: Option<DatabaseUrl>,
    /// Sessions.
    pub cache_url: Option<DatabaseUrl>,
    /// Live events of executions and generations.
    pub stream_url: Option<DatabaseUrl>,
    /// First part of every key, so that installations can share a server.
    pub prefix: String,
    /// Seconds for which the live events of an execution or a generation are kept after its end.
    pub finished_stream_seconds: u64,
}

impl RedisConfig {
    #[must_use]
    pub fn finished_stream_ttl(&self) -> Duration {
        Duration::from_secs(self.finished_stream_seconds)
    }

    #[must_use]
    pub fn queue(&self) -> Option<&DatabaseUrl> {
        self.queue_url.as_ref().or(self.url.as_ref())
    }

    #[must_use]
    pub fn cache(&self) -> Option<&DatabaseUrl> {
        self.cache_url.as_ref().or(self.url.as_ref())
    }

    #[must_use]
    pub fn stream(&self) -> Option<&DatabaseUrl> {
        self.stream_url.as_ref().or(self.url.as_ref())
    }
}

impl Section for RedisConfig {
    fn validate(&self, problems: &mut SectionProblems<'_, '_>) {
        let purposes = [
            ("queue_url", &self.queue_url),
            ("cache_url", &self.cache_url),
            ("stream_url", &self.stream_url),
        ];
        check::database_url(problems, "url", self.url.as_ref(), &SCHEMES);
        let any = purposes.iter().any(|(_, url)| url.is_some());
        for (key, url) in purposes {
            check::database_url(problems, key, url.as_ref(), &SCHEMES);
            let served = url.is_some() || self.url.is_some() || !any;
            problems.require(served, key, "a URL, as other purposes have one; or set redis.url for the rest");
        }
        let seconds = self.finished_stream_seconds;
        problems.require((1..=86_400).contains(&seconds), "finished_stream_seconds", "1 to 86400");
        problems.require(check::is_name(&self.prefix), "prefix", "letters, digits, _ or -");
    }
}
