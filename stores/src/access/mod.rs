//! Who asks, what they may do, and how far a query reaches.

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
