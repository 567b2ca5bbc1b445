//! One turn of a conversation, written whole: question, empty answer, generation and the thread's own fields.

use futures::FutureExt as _;
use mongodb::{
    ClientSession,
    bson::{Bson, Document, doc},
};
use triptych_entities::{
    documents::{
        conversations::{
            generation::{CachePolicy, Generation, Origin, Parameters},
            message::{Message, Role, Status},
            part::Part,
            thread::Thread,
        },
        to_bson,
    },
    ids::{GenerationId, MessageId, ThreadId},
};
use triptych_stores::{
    access::{Action, Actor},
    collections::{is_duplicate, transaction},
    error::StoreError,
};

use super::{ThreadError, Threads, find::visible};
use crate::conversations::generations::Draft;

/// How often a turn that met another one is tried.
const ATTEMPTS: u32 = 4;

/// What asking for an answer comes to.
#[derive(Debug, Clone)]
pub struct Sent {
    pub thread: Thread,
    pub user_message: Message,
    pub assistant_message: Message,
    pub generation: Generation,
}

/// Where a turn takes place.
#[derive(Clone)]
pub(super) enum Place {
    New(Box<Thread>),
    In(ThreadId),
}

/// What a turn asks.
#[derive(Clone)]
pub(super) enum Question {
    /// A message to be written.
    New { parent: Parent, parts: Vec<Part>, client_id: Option<String> },
    /// A message that is there, to be answered once more.
    Again(Box<Message>),
}

#[derive(Clone, Copy)]
pub(super) enum Parent {
    /// The end of the branch in view.
    Leaf,
    /// This one; none for a first message.
    Given(Option<MessageId>),
}

#[derive(Clone)]
pub(super) struct Turn {
    pub place: Place,
    pub question: Question,
    pub model: Option<String>,
    pub parameters: Parameters,
    pub cache: CachePolicy,
}

impl Threads {
    pub(super) async fn take_turn(&self, actor: &Actor, turn: Turn) -> Result<Sent, ThreadError> {
        let client_id = match &turn.question {
            Question::New { client_id, .. } => client_id.clone(),
            Question::Again(_) => None,
        };
        let mut attempt = 0;
        let sent = loop {
            attempt += 1;
            if let Some(client_id) = &client_id
                && let Some(sent) = self.sent_before(actor, client_id).await?
            {
                return Ok(sent);
            }
            let written = self.write_turn(actor, &turn).await;
            match written {
                // Another turn came between: with the same key, or in the same thread. Look again.
                Err(StoreError::Mongo(error)) if is_duplicate(&error) && attempt < ATTEMPTS => {}
                written => break written??,
            }
        };
        // After the commit. A crash in between loses nothing: the queued document is found by the reconciler.
        self.generations.dispatch(sent.generation.id).await;
        Ok(sent)
    }

    async fn write_turn(&self, actor: &Actor, turn: &Turn) -> Result<Result<Sent, ThreadError>, StoreError> {
        let mut visible = match visible(actor, Action::Update) {
            Ok(visible) => visible,
            // A new thread needs only the permission to create, which was checked.
            Err(_) if matches!(turn.place, Place::New(_)) => Document::new(),
            Err(denied) => return Ok(Err(denied.into())),
        };
        if let Place::In(id) = turn.place {
            visible.insert("_id", id);
        }
        let client = self.stores.mongo.client().clone();
        transaction(&client, |session| {
            let (this, actor, turn, visible) = (self.clone(), actor.clone(), turn.clone(), visible.clone());
            async move { this.write(session, &actor, turn, visible).await }.boxed()
        })
        .await
    }

    async fn write(
        &self,
        session: &mut ClientSession,
        actor: &Actor,
        turn: Turn,
        visible: Document,
    ) -> mongodb::error::Result<Result<Sent, ThreadError>> {
        let is_new = matches!(turn.place, Place::New(_));
        let thread = match turn.place {
            Place::New(thread) => Some(*thread),
            Place::In(_) => self.stores.threads().find_one(visible).session(&mut *session).await?,
        };
        let Some(mut thread) = thread else { return Ok(Err(ThreadError::NotFound)) };
        if let Some(generation) = thread.active_generation_id {
            return Ok(Err(ThreadError::Busy { generation }));
        }
        let (question, asked_anew) = match turn.question {
            Question::Again(message) => (*message, false),
            Question::New { parent, parts, client_id } => {
                let parent = match parent {
                    Parent::Leaf => thread.active_leaf_id,
                    Parent::Given(Some(id)) if !self.has(session, &thread, id).await? => {
                        return Ok(Err(ThreadError::MessageNotFound));
                    }
                    Parent::Given(parent) => parent,
                };
                let sibling = self.next_sibling(session, &thread, parent).await?;
                let mut message = self.message(&thread, parent, sibling, Role::User);
                message.author_id = Some(actor.user);
                message.parts = parts;
                message.client_id = client_id;
                (message, true)
            }
        };
        let model = turn
            .model
            .or_else(|| thread.model.clone())
            .unwrap_or_else(|| self.generations.models().default_model().to_owned());
        let sibling =
            if asked_anew { 0 } else { self.next_sibling(session, &thread, Some(question.id)).await? };
        let mut answer = self.message(&thread, Some(question.id), sibling, Role::Assistant);
        let generation_id: GenerationId = self.mint.id();
        answer.generation_id = Some(generation_id);
        answer.model = Some(model.clone());
        let generation = Draft {
            organization: thread.organization_id,
            owner: actor.user,
            origin: Origin::Thread { thread_id: thread.id, message_id: answer.id },
            model: model.clone(),
            parameters: turn.parameters,
            cache: turn.cache,
        }
        .into_generation(&self.mint, generation_id);

        thread.model.get_or_insert(model);
        thread.active_leaf_id = Some(answer.id);
        thread.active_generation_id = Some(generation_id);
        thread.last_message_at = Some(answer.created_at);
        thread.updated_at = answer.created_at;
        let messages = self.stores.messages();
        if asked_anew {
            messages.insert_many([&question, &answer]).session(&mut *session).await?;
        } else {
            messages.insert_one(&answer).session(&mut *session).await?;
        }
        self.stores.generations().insert_one(&generation).session(&mut *session).await?;
        if is_new {
            self.stores.threads().insert_one(&thread).session(&mut *session).await?;
        } else {
            let own = doc! { "_id": thread.id, "organizationId": thread.organization_id };
            self.stores.threads().update_one(own, in_view(&thread)).session(&mut *session).await?;
        }
        Ok(Ok(Sent { thread, user_message: question, assistant_message: answer, generation }))
    }

    fn message(&self, thread: &Thread, parent: Option<MessageId>, sibling: i32, role: Role) -> Message {
        Message {
            id: self.mint.id(),
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
            created_at: to_bson(self.mint.now()),
        }
    }

    async fn has(
        &self,
        session: &mut ClientSession,
        thread: &Thread,
        id: MessageId,
    ) -> mongodb::error::Result<bool> {
        let filter = doc! { "_id": id, "organizationId": thread.organization_id, "threadId": thread.id };
        Ok(self.stores.messages().find_one(filter).session(session).await?.is_some())
    }

    /// The first free place among the children. Two that find the same one meet at the unique index.
    async fn next_sibling(
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
        let last =
            self.stores.messages().find_one(children).sort(doc! { "sibling": -1 }).session(session).await?;
        Ok(last.map_or(0, |last| last.sibling + 1))
    }
}

/// Only the fields that a turn changes, so that others survive.
fn in_view(thread: &Thread) -> Document {
    doc! { "$set": {
        "model": thread.model.as_deref(),
        "activeLeafId": thread.active_leaf_id,
        "activeGenerationId": thread.active_generation_id,
        "lastMessageAt": thread.last_message_at,
        "updatedAt": thread.updated_at,
    } }
}
