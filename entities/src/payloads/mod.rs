//! Payloads in Redis: jobs, live events and sessions. Lost jobs and events are restored from the databases.
//!
//! The events of a live subject are declared once, as a list in a macro: [`execution_events!`],
//! [`generation_events!`]. A list is expanded here into the payload that is written to Redis, and in `schema` into
//! the objects and the union of the API, so that names, fields and descriptions cannot differ. Where a
//! list is expanded, the names of its types must be in scope; a type with the same name as one of the API is written
//! with its module.
//!
//! [`execution_events!`]: crate::execution_events
//! [`generation_events!`]: crate::generation_events

use serde::{Serialize, de::DeserializeOwned};

/// Expands a list of events into the enum that is written to Redis as JSON.
macro_rules! event_payload {
    ($($list:tt)*) => {
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
        $($list)*
    };
}

pub mod execution_event;
pub mod generation_event;
pub mod job;
pub mod session;
pub mod step_output;

/// How an event relates to the events before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventRole {
    /// Independent of earlier events: a start, a restart or a snapshot.
    Resets,
    /// Adds to the events before it.
    Continues,
    /// Ends the subject: no event follows.
    Ends,
}

/// An event of a live stream.
pub trait LiveEvent: Serialize + DeserializeOwned + Send + Sync + 'static {
    fn role(&self) -> EventRole;
}
