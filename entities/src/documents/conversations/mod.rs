//! Threads, their messages, the generations that answer them, and what those used.

pub mod generation;
pub mod message;
pub mod part;
pub mod thread;
pub mod usage_event;

use super::collection::CollectionInfo;

/// Every collection. Indexes at start, `triptych doctor` and the tests of tenancy follow this list.
pub const COLLECTIONS: &[CollectionInfo] = &[
    CollectionInfo::of::<generation::Generation>(),
    CollectionInfo::of::<message::Message>(),
    CollectionInfo::of::<thread::Thread>(),
    CollectionInfo::of::<usage_event::UsageEvent>(),
];
