//! The HTTP server.

use std::{net::SocketAddr, time::Duration};

use serde::{Deserialize, Serialize};

use super::{Network, Section, check, problems::SectionProblems};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpConfig {
    /// Address and port to listen on.
    pub bind: SocketAddr,
    /// URL of the server as clients reach it, for the URLs of webhooks. Unset: the address of `bind`.
    pub public_url: Option<String>,
    /// Names under which clients reach the server, besides those of this machine and of `public_url`. If there are
    /// none and the server listens to a network, every name is accepted.
    pub allowed_hosts: Vec<String>,
    /// Origins of other front ends, whose pages may use the server.
    pub allowed_origins: Vec<String>,
    /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` headers are honoured.
    pub trusted_proxies: Vec<Network>,
    /// Largest request body, in bytes.
    pub body_limit: usize,
    /// Open connections at a time. Further ones are answered with 503 and closed.
    pub max_connections: usize,
    /// Open connections of one address at a time. Behind a trusted proxy: requests in progress and `WebSockets` of one
    /// client.
    pub max_connections_per_address: usize,
    /// `WebSockets` of one address that have not authenticated.
    pub anonymous_sockets_per_address: usize,
    /// Seconds from the opening of a connection until the head of its first request must have arrived.
    pub head_timeout_seconds: u64,
    /// Seconds in which the body of a request must arrive.
    pub body_timeout_seconds: u64,
    /// Seconds that one write to a WebSocket may take. A client that does not read is disconnected.
    pub write_timeout_seconds: u64,
    /// Seconds after a response until the head of the next request must have arrived.
    pub idle_timeout_seconds: u64,
    /// Seconds at shutdown in which requests in progress, and then running jobs, can end.
    pub shutdown_grace_seconds: u64,
}

impl HttpConfig {
    /// Whether clients reach the server by HTTPS.
    #[must_use]
    pub fn is_public_https(&self) -> bool {
        self.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
    }

    #[must_use]
    pub fn head_timeout(&self) -> Duration {
        Duration::from_secs(self.head_timeout_seconds)
    }

    #[must_use]
    pub fn body_timeout(&self) -> Duration {
        Duration::from_secs(self.body_timeout_seconds)
    }

    #[must_use]
    pub fn write_timeout(&self) -> Duration {
        Duration::from_secs(self.write_timeout_seconds)
    }

    #[must_use]
    pub fn idle_timeout(&self) -> Duration {
        Duration::from_secs(self.idle_timeout_seconds)
    }
}

impl Section for HttpConfig {
    fn validate(&self, problems: &mut SectionProblems<'_, '_>) {
        check::web_url(problems, "public_url", self.public_url.as_deref());
        problems.require(self.body_limit >= 1024, "body_limit", "at least 1024 (bytes)");
        let hosts = self.allowed_hosts.iter().all(|host| is_host(host));
        problems.require(
            hosts,
            "allowed_hosts",
            "names without a port, such as api.example.com or *.example.com",
        );
        let origins = self.allowed_origins.iter().all(|origin| is_origin(origin));
        problems.require(origins, "allowed_origins", "origins, such as https://app.example.com");
        let counts = [
            ("max_connections", self.max_connections),
            ("max_connections_per_address", self.max_connections_per_address),
            ("anonymous_sockets_per_address", self.anonymous_sockets_per_address),
        ];
        for (name, count) in counts {
            problems.require(count > 0, name, "at least 1");
        }
        let times = [
            ("head_timeout_seconds", self.head_timeout_seconds),
            ("body_timeout_seconds", self.body_timeout_seconds),
            ("write_timeout_seconds", self.write_timeout_seconds),
            ("idle_timeout_seconds", self.idle_timeout_seconds),
        ];
        for (name, seconds) in times {
            problems.require((1..=3600).contains(&seconds), name, "1 to 3600 (one hour)");
        }
    }
}

/// Whether a text is a name or an address, or `*.` with a domain, or `*`.
fn is_host(text: &str) -> bool {
    let name = text.strip_prefix('*').unwrap_or(text);
    let name = name.trim_start_matches('.').trim_start_matches('[').trim_end_matches(']');
    let valid = name.chars().all(|c| c.is_ascii_alphanumeric() || "-._:".contains(c));
    let port = name.matches(':').count() == 1;
    !text.is_empty() && valid && !port && (text == "*" || !name.is_empty())
}

/// Whether a text is a scheme, a host and a port, if it is not the usual one.
fn is_origin(text: &str) -> bool {
    let rest = text.split_once("://").map(|(_, rest)| rest);
    rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(['/', '?', '#', '@', '*']))
}
