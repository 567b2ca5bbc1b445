//! The data loaders of threads, messages and branches.

use std::collections::HashMap;

use triptych_entities::{
    documents::conversations::{message, thread},
    ids::{MessageId, ThreadId},
};
use triptych_services::{
    conversations::threads::{Branch, SiblingGroup},
    page::{Page, Window},
};

use super::{Message, Thread};
use crate::{
    loaders::{Caller, Key, Loaded},
    node::{Fetched, NodeType},
};

impl NodeType for Thread {
    type Id = ThreadId;
    type Row = thread::Thread;
    const NOUN: &'static str = "thread";

    async fn fetch(caller: &Caller, ids: &[ThreadId]) -> Fetched<Self::Row> {
        caller.services.threads.by_ids(&caller.actor, ids).await
    }

    fn id_of(row: &Self::Row) -> ThreadId {
        row.id
    }

    fn new(row: Self::Row) -> Self {
        Self(row)
    }
}

impl NodeType for Message {
    type Id = MessageId;
    type Row = message::Message;
    const NOUN: &'static str = "message";

    async fn fetch(caller: &Caller, ids: &[MessageId]) -> Fetched<Self::Row> {
        caller.services.threads.messages_by_ids(&caller.actor, ids).await
    }

    fn id_of(row: &Self::Row) -> MessageId {
        row.id
    }

    fn new(row: Self::Row) -> Self {
        Self(row)
    }
}

/// A group of siblings in the tree of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct SiblingsOf(pub(super) SiblingGroup);

impl Key for SiblingsOf {
    type Value = Vec<message::Message>;

    async fn load(caller: &Caller, keys: &[Self]) -> Loaded<Self> {
        let groups: Vec<SiblingGroup> = keys.iter().map(|key| key.0).collect();
        let found = caller.services.threads.sibling_groups(&caller.actor, &groups).await?;
        Ok(found.into_iter().map(|(group, messages)| (SiblingsOf(group), messages)).collect())
    }
}

/// A page of a branch. The same page of several threads is read with one batch.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct PageOf {
    pub(super) branch: Branch,
    pub(super) window: Window,
}

impl Key for PageOf {
    type Value = Page<message::Message>;

    async fn load(caller: &Caller, keys: &[Self]) -> Loaded<Self> {
        let mut groups: HashMap<&Window, Vec<Branch>> = HashMap::new();
        for key in keys {
            groups.entry(&key.window).or_default().push(key.branch);
        }
        let mut pages = HashMap::with_capacity(keys.len());
        for (window, branches) in groups {
            let found = caller.services.threads.pages(&caller.actor, &branches, window).await?;
            pages.extend(
                found.into_iter().map(|(branch, page)| (PageOf { branch, window: window.clone() }, page)),
            );
        }
        Ok(pages)
    }
}
