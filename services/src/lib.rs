//! The verbs of Triptych, and the only crate that talks to the three databases. One folder a domain.
//!
//! Every function that serves a person takes the [`identity::Actor`] and scopes by its organization; another
//! organization's row reads as not found. Nothing here knows GraphQL or how long-running work is scheduled.

pub mod checkup;
pub mod collections;
pub mod credentials;
pub mod datastore;
pub mod error;
pub mod executions;
pub mod flows;
pub mod generations;
pub mod health;
pub mod identity;
pub mod integrations;
pub mod live;
pub mod mint;
pub mod models;
pub mod outbox;
pub mod page;
pub mod queues;
mod services;
pub mod storable;
pub mod stores;
pub mod threads;

pub use services::{ServiceConfig, Services};
