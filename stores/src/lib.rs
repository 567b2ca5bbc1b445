//! What all domains share: connections, scopes, pages, collections, errors, the outbox, queues and live streams. Queries
//! and operations of domains are in `services`.

pub mod access;
pub mod clock;
pub mod collections;
pub mod connections;
pub mod error;
pub mod fetch;
pub mod health;
pub mod ids;
pub mod live;
pub mod outbox;
pub mod page;
pub mod postgres;
pub mod queues;
pub mod storable;
pub mod tasks;
pub mod tls;
