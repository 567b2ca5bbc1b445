//! The active branch of a thread: the messages from the first to the active leaf.

use std::collections::HashMap;

use triptych_entities::{
    documents::conversations::{message::Message, thread::Thread},
    ids::{MessageId, ThreadId},
};
use triptych_stores::{
    access::{Action, Actor, Scope, Subject},
    error::{Invalid, Result},
    page::{Cut, KeyKind, Page, PageArgs, Window},
};

use super::Threads;
use crate::conversations::tree::Tree;

/// A branch of a thread, by its last message.
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

impl Threads {
    /// Reads the same page of several branches, oldest message first, with two queries. The caller has checked access
    /// to the threads.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another branch; `Denied` without the permission to read threads.
    pub async fn pages(
        &self,
        actor: &Actor,
        branches: &[Branch],
        window: &Window,
    ) -> Result<HashMap<Branch, Page<Message>>> {
        let scope = Scope::whole(actor.scope(Action::Read, Subject::Thread)?.organization());
        let threads: Vec<ThreadId> = branches.iter().map(|branch| branch.thread).collect();
        let tree = Tree::read(&self.stores, scope, &threads).await?;
        let cuts: Vec<(Branch, Cut<MessageId>)> = branches
            .iter()
            .map(|branch| {
                let ids = branch.leaf.map(|leaf| tree.branch_to(leaf)).unwrap_or_default();
                Ok((*branch, Cut::of(ids, window)?))
            })
            .collect::<Result<_, Invalid>>()?;
        let wanted: Vec<MessageId> = cuts.iter().flat_map(|(_, cut)| cut.items.iter().copied()).collect();
        let found = self.messages().by_ids(scope, &wanted).await?;
        let mut found: HashMap<MessageId, Message> = found.into_iter().map(|m| (m.id, m)).collect();
        Ok(cuts.into_iter().map(|(branch, cut)| (branch, cut.into_page(|id| found.remove(id)))).collect())
    }
}

/// Checks the arguments of a connection of messages.
///
/// # Errors
/// See [`Window::parse`].
pub fn window(args: &PageArgs) -> Result<Window, Invalid> {
    Window::parse(args, "messages", &[KeyKind::Id])
}
