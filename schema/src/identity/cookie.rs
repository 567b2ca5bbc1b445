//! The cookie that browsers authenticate with.

use std::time::Duration;

use crate::context::Client;

/// The name over HTTP.
const PLAIN: &str = "triptych_session";
/// The name over HTTPS. Browsers accept a cookie with the prefix only over HTTPS, from the host itself and for all
/// paths, so that no other host of the domain and nobody on the network can replace it (RFC 6265bis, 4.1.3.2).
const SECURE: &str = "__Host-triptych_session";

/// The session cookie of a connection.
#[derive(Debug, Clone, Copy)]
pub struct SessionCookie {
    secure: bool,
}

impl SessionCookie {
    #[must_use]
    pub fn of(client: &Client) -> Self {
        Self { secure: client.secure }
    }

    #[must_use]
    pub fn name(self) -> &'static str {
        if self.secure { SECURE } else { PLAIN }
    }

    /// The `Set-Cookie` header that stores a token for this time.
    #[must_use]
    pub fn store(self, token: &str, age: Duration) -> String {
        let (name, age) = (self.name(), age.as_secs());
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{name}={token}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}")
    }

    /// The `Set-Cookie` header that removes the cookie.
    #[must_use]
    pub fn forget(self) -> String {
        self.store("", Duration::ZERO)
    }
}
