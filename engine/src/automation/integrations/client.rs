//! The HTTP client of all integrations.

use std::time::Duration;

use reqwest::{Client, redirect::Policy};
use triptych_services::tls;

/// Builds the HTTP client of all operations.
///
/// The connect timeout is 10 seconds; idle connections are kept for 90. Redirects are not followed: the sender of a
/// request decides which headers another host may receive.
///
/// # Errors
/// If the system has no trusted TLS certificates.
pub fn http_client() -> Result<Client, reqwest::Error> {
    tls::install();
    Client::builder()
        .user_agent(concat!("Triptych/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(10))
        .pool_idle_timeout(Duration::from_secs(90))
        .pool_max_idle_per_host(32)
        .redirect(Policy::none())
        .build()
}
