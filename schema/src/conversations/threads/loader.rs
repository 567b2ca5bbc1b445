//! The data loaders of threads, messages and branches.

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
    loaders::{Caller, Group, Key, Loaded, LoadedGroup},
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

/// A page of the messages of a branch.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Messages(pub(super) Window);

impl Group for Messages {
    type Id = Branch;
    type Value = Page<message::Message>;

    async fn load(&self, caller: &Caller, branches: &[Branch]) -> LoadedGroup<Self> {
        caller.services.threads.pages(&caller.actor, branches, &self.0).await
    }
}
