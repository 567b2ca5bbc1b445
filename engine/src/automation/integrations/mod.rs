//! Integrations: what steps can do, one folder or file each. A step's operation is described by data (an
//! [`Operation`] with JSON Schemas) and run by a [`Run`].
//!
//! Nothing here knows flows, queues or GraphQL. What an operation may use, [`Tools`] holds; it gets its parameters
//! with templates filled in and checked against the schema, and is told who it works for by [`Call`].
//!
//! An integration whose operations are HTTP calls described as data needs no code here: whoever reads its
//! description makes a [`Definition`] of it, with one `Run` for all such operations.
//!
//! [`Operation`]: triptych_services::automation::integrations::Operation

mod ai;
mod branch;
mod call;
mod client;
mod datastore;
mod delay;
mod error;
mod filter;
pub mod formatter;
mod http;
mod registry;
mod respond;
mod schedule;
mod webhook;

pub use call::{Call, Outcome, Run, Tools};
pub use client::http_client;
pub use error::ActionError;
pub use registry::{Definition, Registry};
