//! Flows, their executions, and what their steps use.

pub mod credentials;
pub mod datastore;
pub mod executions;
pub mod flows;
pub mod integrations;
