//! The order of lists.

use async_graphql::Enum;

/// The direction of a sorted list.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum OrderDirection {
    /// Ascending: smallest or oldest first.
    Asc,
    /// Descending: largest or newest first.
    Desc,
}
