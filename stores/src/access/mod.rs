//! The caller, their permissions, and the scopes of queries.

mod actor;
mod origin;
mod rows;
mod scope;

pub use actor::{Actor, Grant, Proof};
pub use origin::{Origin, counted_address};
pub use rows::Scoped;
pub use scope::Scope;
pub use triptych_entities::{
    access::{Action, Subject},
    subjects,
};
