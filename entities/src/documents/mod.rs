//! Documents of `MongoDB`: one file a collection. Updates name the fields that they change, so fields that this
//! version does not know survive. Collections and their indexes are declared in [`index`].

pub mod conversations;
pub mod index;
pub mod json_text;

/// Now-ish in the store's own precision: milliseconds.
#[must_use]
pub fn to_bson(at: chrono::DateTime<chrono::Utc>) -> bson::DateTime {
    bson::DateTime::from_millis(at.timestamp_millis())
}

/// The store's time as the rest of the program speaks of it.
#[must_use]
pub fn from_bson(at: bson::DateTime) -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from_timestamp_millis(at.timestamp_millis()).unwrap_or_default()
}
