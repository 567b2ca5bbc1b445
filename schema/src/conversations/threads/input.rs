//! The inputs of threads.

use async_graphql::{Enum, ID, InputObject};
use triptych_services::{conversations::threads, error::Invalid};

use crate::{context::parse_id_opt, order::OrderDirection};

/// A filter of threads. All given conditions must hold.
#[derive(InputObject, Default)]
pub struct ThreadFilter {
    /// A part of the title, up to 200 characters; case-insensitive.
    pub search: Option<String>,
    /// Whether archived threads are listed. Default: those that are not archived.
    pub archived: Option<bool>,
    /// The id of the owner, if the caller may see their threads. Default: the caller.
    pub owner_id: Option<ID>,
}

impl ThreadFilter {
    pub(super) fn parse(self) -> Result<threads::ThreadFilter, Invalid> {
        Ok(threads::ThreadFilter {
            search: self.search,
            archived: self.archived,
            owner: parse_id_opt("filter.ownerId", self.owner_id.as_ref())?,
        })
    }
}

/// The fields that threads can be sorted by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum ThreadOrderField {
    /// The time of creation.
    CreatedAt,
}

/// The order of threads. Default: newest first.
#[derive(InputObject)]
pub struct ThreadOrder {
    /// The field to sort by.
    #[graphql(default_with = "ThreadOrderField::CreatedAt")]
    pub field: ThreadOrderField,
    /// The direction.
    #[graphql(default_with = "OrderDirection::Desc")]
    pub direction: OrderDirection,
}

impl From<ThreadOrder> for threads::ThreadOrder {
    fn from(order: ThreadOrder) -> Self {
        let ThreadOrder { field: ThreadOrderField::CreatedAt, direction } = order;
        if direction == OrderDirection::Desc { Self::Newest } else { Self::Oldest }
    }
}

/// Input to create a thread.
#[derive(InputObject)]
pub struct CreateThreadInput {
    /// The title, 1 to 200 characters.
    pub title: Option<String>,
    /// The default model of messages, as `provider/model`.
    pub model: Option<String>,
    /// An idempotency key: repeated calls with the same value return the same thread.
    pub client_id: Option<String>,
}

/// Input to delete a thread.
#[derive(InputObject)]
pub struct DeleteThreadInput {
    /// The thread.
    pub thread_id: ID,
}

/// Input to update a thread. Absent fields do not change.
#[derive(InputObject)]
pub struct UpdateThreadInput {
    /// The thread.
    pub thread_id: ID,
    /// The title, 1 to 200 characters.
    pub title: Option<String>,
    /// Whether the thread is archived.
    pub archived: Option<bool>,
    /// The default model of messages, as `provider/model`.
    pub model: Option<String>,
}
