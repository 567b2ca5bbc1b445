//! Rows of PostgreSQL, one file per table, grouped by wing.

pub mod automation;
pub mod deletion;
pub mod identity;
pub mod instant;
pub mod outbox;
pub mod positional;
pub mod tenanted;
