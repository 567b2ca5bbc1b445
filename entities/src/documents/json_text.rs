//! JSON of external origin, stored as text. BSON cannot represent all of it: keys may contain NUL or start with `$`,
//! numbers may exceed 64 bits, and nesting may exceed the limit of the server.

use serde::{Deserialize, Deserializer, Serializer, de::Error as _};
use serde_json::Value;

/// # Errors
/// What the serializer reports.
pub fn serialize<S: Serializer>(value: &Value, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&value.to_string())
}

/// # Errors
/// Text that is not JSON.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    serde_json::from_str(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// For fields that may be absent.
pub mod option {
    use super::{Deserialize, Deserializer, Serializer, Value};
    use serde::de::Error as _;

    /// # Errors
    /// What the serializer reports.
    pub fn serialize<S: Serializer>(value: &Option<Value>, serializer: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => super::serialize(value, serializer),
            None => serializer.serialize_none(),
        }
    }

    /// # Errors
    /// Text that is not JSON.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
        Option::<String>::deserialize(deserializer)?
            .map(|text| serde_json::from_str(&text).map_err(D::Error::custom))
            .transpose()
    }
}
