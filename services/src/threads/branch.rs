//! The branch in view: the messages from the first down to the thread's leaf.

use mongodb::bson::doc;
use triptych_entities::{
    documents::{message::Message, thread::Thread},
    ids::MessageId,
};

use super::{ThreadError, Threads, tree::Tree};
use crate::{
    collections::all,
    error::Invalid,
    page::{Page, Window},
};

impl Threads {
    /// A page of the branch in view, oldest first: two queries, however long the thread and the page. The caller
    /// has been given the thread, so it may see its messages.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another branch.
    pub async fn messages(
        &self,
        thread: &Thread,
        window: &Window<MessageId>,
    ) -> Result<Page<Message>, ThreadError> {
        let branch = self.branch(thread).await?;
        let place = |field: &str, id: Option<MessageId>| {
            id.map(|id| {
                branch
                    .iter()
                    .position(|other| *other == id)
                    .ok_or_else(|| Invalid::one(field, "not a cursor of the branch in view"))
            })
            .transpose()
        };
        let start = place("after", window.after)?.map_or(0, |n| n + 1);
        let end = place("before", window.before)?.unwrap_or(branch.len()).max(start);
        let limit = usize::try_from(window.limit).unwrap_or(usize::MAX);
        let (from, to) = if window.backward {
            (end.saturating_sub(limit).max(start), end)
        } else {
            (start, start.saturating_add(limit).min(end))
        };
        let items = self.in_order(thread, &branch[from..to]).await?;
        Ok(Page { items, has_previous: from > 0, has_next: to < branch.len() })
    }

    /// How many messages the branch in view has.
    ///
    /// # Errors
    /// If `MongoDB` does not answer.
    pub async fn count_messages(&self, thread: &Thread) -> Result<u64, ThreadError> {
        Ok(self.branch(thread).await?.len() as u64)
    }

    async fn branch(&self, thread: &Thread) -> Result<Vec<MessageId>, ThreadError> {
        let Some(leaf) = thread.active_leaf_id else { return Ok(Vec::new()) };
        let tree = Tree::read(&self.stores, thread.organization_id, thread.id).await?;
        Ok(tree.branch_to(leaf))
    }

    async fn in_order(&self, thread: &Thread, ids: &[MessageId]) -> Result<Vec<Message>, ThreadError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let filter = doc! { "_id": { "$in": ids.to_vec() }, "organizationId": thread.organization_id };
        let mut messages = all(self.stores.messages().find(filter)).await?;
        messages.sort_by_key(|message| ids.iter().position(|id| *id == message.id));
        Ok(messages)
    }
}
