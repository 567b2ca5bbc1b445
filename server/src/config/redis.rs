//! The Redis servers to use: three purposes, which may share one server.

use serde::{Deserialize, Serialize};

use super::problems::Problems;

use super::{DatabaseUrl, check};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisConfig {
    /// For every purpose that has no URL of its own. All unset: a private server is started.
    pub url: Option<DatabaseUrl>,
    /// Job queues.
    pub queue_url: Option<DatabaseUrl>,
    /// Sessions and cached answers.
    pub cache_url: Option<DatabaseUrl>,
    /// Answers in progress and live events.
    pub stream_url: Option<DatabaseUrl>,
    /// Begins every key, so that several installations can share a server.
    pub prefix: String,
}

impl RedisConfig {
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

    pub(super) fn validate(&self, problems: &mut Problems<'_>) {
        let purposes = [
            ("redis.queue_url", &self.queue_url),
            ("redis.cache_url", &self.cache_url),
            ("redis.stream_url", &self.stream_url),
        ];
        check::url(problems, "redis.url", self.url.as_ref(), &["redis", "rediss"]);
        let any = purposes.iter().any(|(_, url)| url.is_some());
        for (key, url) in purposes {
            check::url(problems, key, url.as_ref(), &["redis", "rediss"]);
            let served = url.is_some() || self.url.is_some() || !any;
            problems.require(
                served,
                key,
                "a URL, for the other purposes have one (or set redis.url for the rest)",
            );
        }
        let plain = !self.prefix.is_empty()
            && self.prefix.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        problems.require(plain, "redis.prefix", "letters, digits, _ or -");
    }
}
