//! The HTTP server.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::{Network, Section, check, problems::SectionProblems};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpConfig {
    /// Address and port to listen on.
    pub bind: SocketAddr,
    /// URL of the server as clients reach it, for the URLs of webhooks. Unset: the address of `bind`.
    pub public_url: Option<String>,
    /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` headers are honoured.
    pub trusted_proxies: Vec<Network>,
    /// Largest request body, in bytes.
    pub body_limit: usize,
    /// Open connections at a time. Further ones wait to be accepted.
    pub max_connections: usize,
    /// Seconds at shutdown in which requests in progress, and then running jobs, can end.
    pub shutdown_grace_seconds: u64,
}

impl Section for HttpConfig {
    fn validate(&self, problems: &mut SectionProblems<'_, '_>) {
        check::web_url(problems, "public_url", self.public_url.as_deref());
        problems.require(self.body_limit >= 1024, "body_limit", "at least 1024 (bytes)");
        problems.require(self.max_connections > 0, "max_connections", "at least 1");
    }
}
