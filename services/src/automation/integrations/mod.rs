//! The catalogue of integrations: the data that validation and the API need. The code that runs them is in `engine`,
//! which provides the catalogue at start.

mod catalog;
mod schema;
mod start;

pub use catalog::{Catalog, CredentialKind, Integration, Operation};
pub use schema::{BrokenSchema, Schema};
pub use start::{ScheduleStart, Start, Times, WebhookStart};
