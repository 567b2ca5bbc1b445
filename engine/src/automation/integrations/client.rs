//! The HTTP client of all integrations.

use std::time::Duration;

use reqwest::{Client, redirect::Policy};

/// The one place that builds the client which operations call out with.
///
/// It waits at most 10 seconds for a connection and keeps idle ones for 90. It follows no redirects: whoever sends
/// a request decides what a redirect to another host may be told.
///
/// # Errors
/// If the system has no certificates that TLS could trust.
pub fn http_client() -> Result<Client, reqwest::Error> {
    Client::builder()
        .user_agent(concat!("Triptych/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(10))
        .pool_idle_timeout(Duration::from_secs(90))
        .pool_max_idle_per_host(32)
        .redirect(Policy::none())
        .build()
}
