//! Documents of MongoDB, one file per collection. Updates set individual fields, so fields that this version does not
//! know are preserved. [`COLLECTIONS`] lists all collections.

pub mod collection;
pub mod conversations;
pub mod index;
pub mod json_text;
pub mod record;

pub use conversations::COLLECTIONS;

/// Converts to BSON, truncating to milliseconds.
#[must_use]
pub fn to_bson(at: chrono::DateTime<chrono::Utc>) -> bson::DateTime {
    bson::DateTime::from_millis(at.timestamp_millis())
}

/// Converts from BSON.
#[must_use]
pub fn from_bson(at: bson::DateTime) -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from_timestamp_millis(at.timestamp_millis()).unwrap_or_default()
}
