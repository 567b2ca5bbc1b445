//! Inserts messages into the tree of a thread.

use mongodb::{
    ClientSession,
    bson::{Bson, Document, doc},
};
use triptych_entities::{
    documents::{
        conversations::{
            message::{Message, Role, Status},
            thread::Thread,
        },
        to_bson,
    },
    ids::MessageId,
};
use triptych_stores::{
    access::Actor,
    error::{Result, ServiceError},
};

use super::{
    Sent, Threads,
    turn::{Parent, Question},
};
use crate::input::ClientId;

impl Threads {
    /// The message to respond to: a new one, which is not stored, or one that is stored already.
    pub(super) async fn question(
        &self,
        session: &mut ClientSession,
        actor: &Actor,
        thread: &Thread,
        question: Question,
    ) -> mongodb::error::Result<Result<Message>> {
        let (parent, new) = match question {
            Question::Existing(message) => return Ok(Ok(*message)),
            Question::New { parent, message } => (parent, message),
        };
        let parent = match parent {
            Parent::ActiveLeaf => thread.active_leaf_id,
            Parent::Given(Some(id)) if !self.contains(session, thread, id).await? => {
                return Ok(Err(ServiceError::NotFound("message")));
            }
            Parent::Given(parent) => parent,
        };
        let sibling = self.next_sibling(session, thread, parent).await?;
        let message = self.message(thread, parent, sibling, Role::User);
        Ok(Ok(Message {
            author_id: Some(actor.user),
            parts: new.parts,
            client_id: new.client_id.map(ClientId::into_string),
            ..message
        }))
    }

    /// Stores the documents of a turn: inserts the new ones and updates the thread.
    pub(super) async fn insert_turn(
        &self,
        session: &mut ClientSession,
        sent: &Sent,
        is_new_thread: bool,
        is_new_question: bool,
    ) -> mongodb::error::Result<()> {
        if is_new_question {
            self.messages().insert_in(&mut *session, &sent.user_message).await?;
        }
        self.messages().insert_in(&mut *session, &sent.assistant_message).await?;
        self.stores.documents().insert_in(&mut *session, &sent.generation).await?;
        if is_new_thread {
            self.documents().insert_in(session, &sent.thread).await
        } else {
            let own = doc! { "_id": sent.thread.id, "organizationId": sent.thread.organization_id };
            let threads = self.documents().across_tenants();
            threads.update_one(own, turn_fields(&sent.thread)).session(session).await.map(|_| ())
        }
    }

    /// A message without content, which is not stored.
    pub(super) fn message(
        &self,
        thread: &Thread,
        parent: Option<MessageId>,
        sibling: i32,
        role: Role,
    ) -> Message {
        Message {
            id: self.clock.new_id(),
            organization_id: thread.organization_id,
            thread_id: thread.id,
            parent_id: parent,
            sibling,
            role,
            status: if role == Role::Assistant { Status::Pending } else { Status::Completed },
            parts: Vec::new(),
            author_id: None,
            model: None,
            generation_id: None,
            usage: None,
            client_id: None,
            extra: None,
            created_at: to_bson(self.clock.now()),
        }
    }

    async fn contains(
        &self,
        session: &mut ClientSession,
        thread: &Thread,
        id: MessageId,
    ) -> mongodb::error::Result<bool> {
        let filter = doc! { "_id": id, "organizationId": thread.organization_id, "threadId": thread.id };
        Ok(self
            .stores
            .documents::<Message>()
            .across_tenants()
            .find_one(filter)
            .session(session)
            .await?
            .is_some())
    }

    /// The position after the last child. Of two concurrent calls, one violates the unique index and is retried.
    pub(super) async fn next_sibling(
        &self,
        session: &mut ClientSession,
        thread: &Thread,
        parent: Option<MessageId>,
    ) -> mongodb::error::Result<i32> {
        let children = doc! {
            "threadId": thread.id,
            "parentId": parent.map_or(Bson::Null, Bson::from),
            "sibling": { "$gte": 0 },
        };
        let last = self
            .stores
            .documents::<Message>()
            .across_tenants()
            .find_one(children)
            .sort(doc! { "sibling": -1 })
            .session(session)
            .await?;
        Ok(last.map_or(0, |last| last.sibling + 1))
    }
}

/// Sets only the fields that a turn changes, so that concurrent changes of others are kept.
fn turn_fields(thread: &Thread) -> Document {
    doc! { "$set": {
        "model": thread.model.as_deref(),
        "activeLeafId": thread.active_leaf_id,
        "activeGenerationId": thread.active_generation_id,
        "lastMessageAt": thread.last_message_at,
        "updatedAt": thread.updated_at,
    } }
}
