//! The caller, their permissions, and the scopes of queries.

mod actor;
mod rows;
mod scope;

pub use actor::{Actor, Grant, Proof};
pub use rows::Scoped;
pub use scope::Scope;
pub use triptych_entities::{
    access::{Action, Subject},
    subjects,
};
