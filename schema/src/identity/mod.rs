//! The API of users, organizations and their access.

mod input;
mod loader;
mod mutation;
mod object;
mod query;

pub use mutation::{IdentityMutation, SESSION_COOKIE};
pub use object::{Organization, User};
pub use query::IdentityQuery;
