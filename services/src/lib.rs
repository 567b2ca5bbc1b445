//! The operations of the domains, and their queries. One folder per domain, in three wings.
//!
//! Every function for users takes an [`access::Actor`] and limits its queries to a scope; objects that are out of scope
//! are not found. Does not depend on GraphQL.

pub mod audit;
pub mod automation;
pub mod conversations;
pub mod deletions;
pub mod identity;
mod input;
pub mod mail;
pub mod records;
mod services;

pub use services::{ServiceConfig, Services};
pub use triptych_stores::{
    access, clock, collections, connections, error, health, live, outbox, page, postgres, queues, storable,
    tasks, tls,
};
