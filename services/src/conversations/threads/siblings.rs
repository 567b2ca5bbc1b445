//! Reads messages by their ids or their parents, for data loaders: one or two queries per batch.

use std::collections::HashMap;

use mongodb::bson::{Bson, doc};
use triptych_entities::{
    documents::conversations::message::Message,
    ids::{MessageId, ThreadId},
};
use triptych_stores::{
    access::{Action, Actor, Subject},
    error::Result,
};

use super::Threads;

/// The key of a group of siblings: the children of a message, or the first messages of a thread.
pub type SiblingGroup = (ThreadId, Option<MessageId>);

impl Threads {
    /// Fetches messages that the caller may see, in any order.
    ///
    /// # Errors
    /// `Denied` without the permission to read threads.
    pub async fn messages_by_ids(&self, actor: &Actor, ids: &[MessageId]) -> Result<Vec<Message>> {
        Ok(self.messages().by_ids(actor.scope(Action::Read, Subject::Thread)?, ids).await?)
    }

    /// Fetches groups of siblings, each in its order.
    ///
    /// # Errors
    /// `Denied` without the permission to read threads.
    pub async fn sibling_groups(
        &self,
        actor: &Actor,
        groups: &[SiblingGroup],
    ) -> Result<HashMap<SiblingGroup, Vec<Message>>> {
        let scope = actor.scope(Action::Read, Subject::Thread)?;
        let either: Vec<_> = groups
            .iter()
            .map(|(thread, parent)| {
                doc! { "threadId": thread, "parentId": parent.map_or(Bson::Null, Bson::from) }
            })
            .collect();
        if either.is_empty() {
            return Ok(HashMap::new());
        }
        let mut found = self.messages().find(scope, doc! { "sibling": { "$gte": 0 }, "$or": either }).await?;
        found.sort_by_key(|message| message.sibling);
        let mut siblings: HashMap<SiblingGroup, Vec<Message>> = HashMap::new();
        for message in found {
            siblings.entry((message.thread_id, message.parent_id)).or_default().push(message);
        }
        Ok(siblings)
    }
}
