//! Objects that are removed in the background, with their progress.

mod object;
mod query;

pub use object::Deletion;
pub use query::DeletionQuery;
