//! The audit log: who changed what, from where. A record is written in the transaction of its change.
//!
//! Changes of Redis and MongoDB have no transaction with it: a session is recorded before it begins.

mod action;
mod list;
mod record;
mod retention;

use std::time::Duration;

use triptych_stores::{clock::Clock, connections::Stores};

pub use action::AuditAction;
pub use list::AuditFilter;
pub(crate) use record::{Entry, Who, record};

/// Reads the audit log, and deletes its old events.
#[derive(Clone)]
pub struct Audit {
    stores: Stores,
    clock: Clock,
    /// Age of the oldest events that are kept; `None` to keep all.
    retention: Option<Duration>,
}

impl Audit {
    pub(crate) fn new(stores: Stores, clock: Clock, retention: Option<Duration>) -> Self {
        Self { stores, clock, retention }
    }
}
