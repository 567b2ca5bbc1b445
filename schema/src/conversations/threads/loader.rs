//! The data loaders of threads, messages and branches.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::Loader;
use triptych_entities::{
    documents::conversations::{message, thread},
    ids::{MessageId, ThreadId},
};
use triptych_services::{
    conversations::threads::{Branch, SiblingGroup},
    error::ServiceError,
    page::{Page, Window},
};

use super::{Message, Thread};
use crate::{
    context::Batch,
    errors::Result,
    node::{Fetched, NodeType},
};

type Shared = Arc<ServiceError>;

impl NodeType for Thread {
    type Id = ThreadId;
    type Row = thread::Thread;
    const NOUN: &'static str = "thread";

    async fn fetch(batch: &Batch, ids: &[ThreadId]) -> Fetched<Self::Row> {
        batch.services.threads.by_ids(&batch.actor, ids).await
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

    async fn fetch(batch: &Batch, ids: &[MessageId]) -> Fetched<Self::Row> {
        batch.services.threads.messages_by_ids(&batch.actor, ids).await
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

impl Loader<SiblingsOf> for Batch {
    type Value = Arc<Vec<message::Message>>;
    type Error = Shared;

    async fn load(&self, keys: &[SiblingsOf]) -> Result<HashMap<SiblingsOf, Self::Value>, Shared> {
        let groups: Vec<SiblingGroup> = keys.iter().map(|key| key.0).collect();
        let found = self.services.threads.sibling_groups(&self.actor, &groups).await?;
        Ok(found.into_iter().map(|(group, messages)| (SiblingsOf(group), Arc::new(messages))).collect())
    }
}

/// A page of a branch. The same page of several threads is read with one batch.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct PageOf {
    pub(super) branch: Branch,
    pub(super) window: Window,
}

impl Loader<PageOf> for Batch {
    type Value = Arc<Page<message::Message>>;
    type Error = Shared;

    async fn load(&self, keys: &[PageOf]) -> Result<HashMap<PageOf, Self::Value>, Shared> {
        let mut groups: HashMap<&Window, Vec<Branch>> = HashMap::new();
        for key in keys {
            groups.entry(&key.window).or_default().push(key.branch);
        }
        let mut pages = HashMap::with_capacity(keys.len());
        for (window, branches) in groups {
            let found = self.services.threads.pages(&self.actor, &branches, window).await?;
            pages.extend(
                found
                    .into_iter()
                    .map(|(branch, page)| (PageOf { branch, window: window.clone() }, Arc::new(page))),
            );
        }
        Ok(pages)
    }
}
