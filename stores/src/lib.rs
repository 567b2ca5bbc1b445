//! The plumbing that every domain stands on: connections, access, pages, collections, the outbox, queues and live
//! streams. Knows no domain: queries and verbs of domains are in `services`.

pub mod access;
pub mod collections;
pub mod connections;
pub mod error;
pub mod health;
pub mod live;
pub mod mint;
pub mod outbox;
pub mod page;
pub mod queues;
pub mod storable;
