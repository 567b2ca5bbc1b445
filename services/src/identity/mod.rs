//! People, organizations, roles, sessions and API tokens. PostgreSQL is the authority; sessions live in Redis.

mod actor;

pub use actor::{Action, Actor, Grant, Proof, Reach, Subject};
