//! The branch in view: the messages from the first down to a thread's leaf.

use std::collections::HashMap;

use mongodb::bson::doc;
use triptych_entities::{
    documents::conversations::{message::Message, thread::Thread},
    ids::{MessageId, ThreadId},
};
use triptych_stores::{
    access::{Action, Actor, Subject},
    collections::all,
    error::Invalid,
    page::{Page, Window},
};

use super::{ThreadError, Threads, tree::Tree};

/// A thread and the end of the branch that is in view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Branch {
    pub thread: ThreadId,
    pub leaf: Option<MessageId>,
}

impl From<&Thread> for Branch {
    fn from(thread: &Thread) -> Self {
        Self { thread: thread.id, leaf: thread.active_leaf_id }
    }
}

/// A page of a branch.
#[derive(Debug, Clone)]
pub struct BranchPage {
    pub page: Page<Message>,
    /// Messages of the whole branch.
    pub total: u64,
}

impl Threads {
    /// The same page of each branch, oldest message first: two queries, however many and however long they are. The
    /// caller has been given the threads, so it may see their messages.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another branch; `Denied` without the permission to read threads.
    pub async fn pages(
        &self,
        actor: &Actor,
        branches: &[Branch],
        window: &Window<MessageId>,
    ) -> Result<HashMap<Branch, BranchPage>, ThreadError> {
        actor.require(Action::Read, Subject::Thread)?;
        let threads: Vec<ThreadId> = branches.iter().map(|branch| branch.thread).collect();
        let tree = Tree::read(&self.stores, actor.organization, &threads).await?;
        let cuts: Vec<(Branch, Cut)> = branches
            .iter()
            .map(|branch| {
                let ids = branch.leaf.map(|leaf| tree.branch_to(leaf)).unwrap_or_default();
                Ok((*branch, Cut::of(&ids, window)?))
            })
            .collect::<Result<_, Invalid>>()?;
        let wanted: Vec<MessageId> = cuts.iter().flat_map(|(_, cut)| cut.ids.iter().copied()).collect();
        let mut found: HashMap<MessageId, Message> = HashMap::new();
        if !wanted.is_empty() {
            let filter = doc! { "_id": { "$in": wanted }, "organizationId": actor.organization };
            found.extend(all(self.stores.messages().find(filter)).await?.into_iter().map(|m| (m.id, m)));
        }
        Ok(cuts
            .into_iter()
            .map(|(branch, cut)| {
                let items = cut.ids.iter().filter_map(|id| found.remove(id)).collect();
                let page = Page { items, has_previous: cut.has_previous, has_next: cut.has_next };
                (branch, BranchPage { page, total: cut.total })
            })
            .collect())
    }
}

/// What of a branch is on a page.
struct Cut {
    ids: Vec<MessageId>,
    has_previous: bool,
    has_next: bool,
    total: u64,
}

impl Cut {
    fn of(branch: &[MessageId], window: &Window<MessageId>) -> Result<Self, Invalid> {
        let place = |field: &str, id: Option<MessageId>| {
            id.map(|id| {
                let at = branch.iter().position(|other| *other == id);
                at.ok_or_else(|| Invalid::one(field, "not a cursor of the branch in view"))
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
        Ok(Self {
            ids: branch[from..to].to_vec(),
            has_previous: from > 0,
            has_next: to < branch.len(),
            total: branch.len() as u64,
        })
    }
}
