//! Rows of PostgreSQL, one file a table, by wing.

pub mod automation;
pub mod identity;
pub mod outbox;
pub mod tenanted;
