//! The HTTP server.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::problems::Problems;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpConfig {
    /// Address and port to listen on.
    pub bind: SocketAddr,
    /// Where the server is reached from outside, for the addresses it hands out. Unset: where it listens.
    pub public_url: Option<String>,
    /// Bytes of a request body.
    pub body_limit: usize,
    /// Open connections at a time; more wait to be accepted.
    pub max_connections: usize,
    /// Seconds for requests in progress to end at shutdown.
    pub shutdown_grace_seconds: u64,
}

impl HttpConfig {
    pub(super) fn validate(&self, problems: &mut Problems<'_>) {
        let reachable = self.public_url.as_ref().is_none_or(|url| {
            reqwest::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
        });
        problems.require(reachable, "http.public_url", "a URL that begins with http:// or https://");
        problems.require(self.body_limit >= 1024, "http.body_limit", "at least 1024 (bytes)");
        problems.require(self.max_connections > 0, "http.max_connections", "at least 1");
    }
}
