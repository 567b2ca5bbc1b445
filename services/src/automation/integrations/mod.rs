//! The catalogue of integrations, as data: what the validator and the API need to know of them. What runs them
//! lives in `engine`, which hands the catalogue over at start.

mod catalog;
mod schema;
mod start;

pub use catalog::{Catalog, CredentialKind, Integration, Operation};
pub use schema::{BrokenSchema, Schema};
pub use start::{ScheduleStart, Start, Times, WebhookStart};
