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
    loaders::{Caller, Loaded, Loader},
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
#[derive(PartialEq)]
pub(super) struct Siblings;

impl Loader for Siblings {
    type Id = SiblingGroup;
    type Value = Vec<message::Message>;

    async fn load(&self, caller: &Caller, groups: &[SiblingGroup]) -> Loaded<Self> {
        caller.services.threads.sibling_groups(&caller.actor, groups).await
    }
}

/// A page of the messages of a branch.
#[derive(PartialEq)]
pub(super) struct Messages(pub(super) Window);

impl Loader for Messages {
    type Id = Branch;
    type Value = Page<message::Message>;

    async fn load(&self, caller: &Caller, branches: &[Branch]) -> Loaded<Self> {
        caller.services.threads.pages(&caller.actor, branches, &self.0).await
    }
}
