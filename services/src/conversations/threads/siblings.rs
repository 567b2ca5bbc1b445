//! Messages by what others know of them: their ids, their parents. For data loaders: one or two queries a batch.

use std::collections::{HashMap, HashSet};

use mongodb::bson::{Bson, doc};
use triptych_entities::{
    documents::conversations::message::Message,
    ids::{MessageId, ThreadId},
};
use triptych_stores::{
    access::{Action, Actor, Subject},
    collections::all,
};

use super::{ThreadError, Threads};

/// A place in a thread's tree: the children of a message, or the first messages.
pub type Family = (ThreadId, Option<MessageId>);

impl Threads {
    /// # Errors
    /// `MessageNotFound` also for a message of another's thread.
    pub async fn message_of(&self, actor: &Actor, id: MessageId) -> Result<Message, ThreadError> {
        self.messages_by_ids(actor, &[id]).await?.pop().ok_or(ThreadError::MessageNotFound)
    }

    /// Those of the ids that the caller may see, in no particular order.
    ///
    /// # Errors
    /// `Denied` without the permission to read threads.
    pub async fn messages_by_ids(
        &self,
        actor: &Actor,
        ids: &[MessageId],
    ) -> Result<Vec<Message>, ThreadError> {
        actor.require(Action::Read, Subject::Thread)?;
        let filter = doc! { "_id": { "$in": ids.to_vec() }, "organizationId": actor.organization };
        let found = all(self.stores.messages().find(filter)).await?;
        self.of_visible_threads(actor, found).await
    }

    /// The children of each place, in order: a message's siblings are those of its own place.
    ///
    /// # Errors
    /// `Denied` without the permission to read threads.
    pub async fn families(
        &self,
        actor: &Actor,
        places: &[Family],
    ) -> Result<HashMap<Family, Vec<Message>>, ThreadError> {
        actor.require(Action::Read, Subject::Thread)?;
        let either: Vec<_> = places
            .iter()
            .map(|(thread, parent)| {
                doc! { "threadId": thread, "parentId": parent.map_or(Bson::Null, Bson::from) }
            })
            .collect();
        if either.is_empty() {
            return Ok(HashMap::new());
        }
        let filter = doc! {
            "organizationId": actor.organization, "sibling": { "$gte": 0 }, "$or": either,
        };
        let mut found = all(self.stores.messages().find(filter)).await?;
        found.sort_by_key(|message| message.sibling);
        let mut families: HashMap<Family, Vec<Message>> = HashMap::new();
        for message in self.of_visible_threads(actor, found).await? {
            families.entry((message.thread_id, message.parent_id)).or_default().push(message);
        }
        Ok(families)
    }

    async fn of_visible_threads(
        &self,
        actor: &Actor,
        messages: Vec<Message>,
    ) -> Result<Vec<Message>, ThreadError> {
        if actor.require(Action::Read, Subject::Thread)?.owner().is_none() || messages.is_empty() {
            return Ok(messages);
        }
        let threads: HashSet<ThreadId> = messages.iter().map(|message| message.thread_id).collect();
        let threads: Vec<ThreadId> = threads.into_iter().collect();
        let visible: HashSet<ThreadId> =
            self.by_ids(actor, &threads).await?.into_iter().map(|thread| thread.id).collect();
        Ok(messages.into_iter().filter(|message| visible.contains(&message.thread_id)).collect())
    }
}
