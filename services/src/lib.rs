//! The verbs of Triptych, and every query that is not generic. One folder a domain, in three wings.
//!
//! Every function that serves a person takes the [`access::Actor`] and scopes by its organization; another
//! organization's row reads as not found. Nothing here knows GraphQL or how long-running work is scheduled.

pub mod automation;
pub mod conversations;
pub mod identity;
mod services;

pub use services::{ServiceConfig, Services};
pub use triptych_stores::{access, connections, error, health, live, mint, outbox, page, queues, storable};
