//! Who is asking, and what they may reach.

mod actor;

pub use actor::{Actor, Grant, Proof, Reach};
pub use triptych_entities::access::{Action, Subject};
