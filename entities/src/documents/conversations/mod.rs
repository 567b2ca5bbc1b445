//! Threads, their messages, generations and usage.

pub mod generation;
pub mod message;
pub mod part;
pub mod preset;
pub mod thread;
pub mod usage_event;

use super::{collection::CollectionInfo, record::Record};

/// All collections. The creation of indexes at start, `triptych doctor` and the tests of tenancy use this list.
pub const COLLECTIONS: &[CollectionInfo] = &[
    CollectionInfo::of::<generation::Generation>(),
    CollectionInfo::of::<message::Message>(),
    CollectionInfo::of::<Record<preset::Preset>>(),
    CollectionInfo::of::<thread::Thread>(),
    CollectionInfo::of::<usage_event::UsageEvent>(),
];
