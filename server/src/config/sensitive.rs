//! Values that must not be shown: printed and serialised without their secret part.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};

const REDACTED: &str = "[redacted]";

/// A key or a password.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(SecretString);

impl Secret {
    /// The value, for the one place that uses it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self(value.into())
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(REDACTED)
    }
}

/// The URL of a database, which may contain a password.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct DatabaseUrl(SecretString);

impl DatabaseUrl {
    /// The URL with its password, for the driver.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The URL without its password.
    #[must_use]
    pub fn redacted(&self) -> String {
        redact_query(&redact_user_info(self.expose()))
    }
}

impl From<String> for DatabaseUrl {
    fn from(url: String) -> Self {
        Self(url.into())
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.redacted())
    }
}

impl Serialize for DatabaseUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.redacted())
    }
}

/// Without a URL parser: most refuse a MongoDB URL with several hosts. A text without `://` is redacted as a whole.
fn redact_user_info(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return REDACTED.to_owned() };
    // A password that is not escaped may contain a slash, so it ends at the last @ before the query.
    let end = rest.find('?').unwrap_or(rest.len());
    let Some(at) = rest[..end].rfind('@') else { return url.to_owned() };
    let (user_info, host) = (&rest[..at], &rest[at..]);
    match user_info.split_once(':') {
        Some((user, _)) => format!("{scheme}://{user}:{REDACTED}{host}"),
        None => url.to_owned(),
    }
}

fn redact_query(url: &str) -> String {
    let Some((path, query)) = url.split_once('?') else { return url.to_owned() };
    let pairs: Vec<_> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, _)) if name.to_ascii_lowercase().contains("pass") => format!("{name}={REDACTED}"),
            _ => pair.to_owned(),
        })
        .collect();
    format!("{path}?{}", pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_redacted(url: &str, expected: &str) {
        assert_eq!(DatabaseUrl::from(url.to_owned()).redacted(), expected);
    }

    #[test]
    fn passwords_in_urls_are_hidden() {
        assert_redacted("postgres://ann:s3cret@db/app", "postgres://ann:[redacted]@db/app");
        assert_redacted("redis://:s3cret@cache:6379/0", "redis://:[redacted]@cache:6379/0");
        assert_redacted(
            "mongodb://ann:s/3c@a:1,b:2/x?replicaSet=r",
            "mongodb://ann:[redacted]@a:1,b:2/x?replicaSet=r",
        );
        assert_redacted(
            "postgres:///app?user=ann&password=s3cret",
            "postgres:///app?user=ann&password=[redacted]",
        );
        assert_redacted("s3cret", "[redacted]");
    }

    #[test]
    fn urls_without_a_password_are_unchanged() {
        assert_redacted("postgres://ann@db/app", "postgres://ann@db/app");
        assert_redacted("redis://cache:6379", "redis://cache:6379");
    }

    #[test]
    fn debug_output_hides_the_values_that_serialization_hides() {
        let url = DatabaseUrl::from("redis://:s3cret@cache".to_owned());
        assert!(!format!("{url:?}").contains("s3cret"));
    }
}
