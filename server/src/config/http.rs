//! The HTTP server.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::problems::Problems;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpConfig {
    /// Address and port to listen on.
    pub bind: SocketAddr,
    /// Bytes of a request body.
    pub body_limit: usize,
    /// Open connections at a time; more wait to be accepted.
    pub max_connections: usize,
    /// Seconds for requests in progress to end at shutdown.
    pub shutdown_grace_seconds: u64,
}

impl HttpConfig {
    pub(super) fn validate(&self, problems: &mut Problems<'_>) {
        problems.require(self.body_limit >= 1024, "http.body_limit", "at least 1024 (bytes)");
        problems.require(self.max_connections > 0, "http.max_connections", "at least 1");
    }
}
