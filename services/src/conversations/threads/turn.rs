//! One turn of a conversation, written whole: question, empty answer, generation and the thread's own fields.

use futures::FutureExt as _;
use mongodb::{
    ClientSession,
    bson::{Bson, Document, doc},
};
use serde_json::Value;
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
    access::{Action, Actor, Scope, Subject},
    collections::{is_duplicate, transaction},
    error::{Code, Coded, Result, ServiceError, StoreError},
};

use super::Threads;
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

/// A thread has one answer at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the thread is being answered; wait for the end of {generation}, or cancel it")]
struct Busy {
    generation: GenerationId,
}

impl Coded for Busy {
    fn code(&self) -> Code {
        Code::Conflict
    }

    fn extensions(&self) -> Vec<(&'static str, Value)> {
        vec![("activeGenerationId", self.generation.to_string().into())]
    }
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
    pub(super) async fn take_turn(&self, actor: &Actor, turn: Turn) -> Result<Sent> {
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

    async fn write_turn(&self, actor: &Actor, turn: &Turn) -> Result<Result<Sent>, StoreError> {
        // A new thread needs only the permission to create, which was checked.
        let action = if matches!(turn.place, Place::New(_)) { Action::Create } else { Action::Update };
        let scope = match actor.scope(action, Subject::Thread) {
            Ok(scope) => scope,
            Err(denied) => return Ok(Err(denied.into())),
        };
        let client = self.stores.mongo.client().clone();
        transaction(&client, |session| {
            let (this, actor, turn) = (self.clone(), actor.clone(), turn.clone());
            async move { this.write(session, &actor, turn, scope).await }.boxed()
        })
        .await
    }

    async fn write(
        &self,
        session: &mut ClientSession,
        actor: &Actor,
        turn: Turn,
        scope: Scope,
    ) -> mongodb::error::Result<Result<Sent>> {
        let Turn { place, question, model, parameters, cache } = turn;
        let is_new = matches!(place, Place::New(_));
        let thread = match place {
            Place::New(thread) => Some(*thread),
            Place::In(id) => self.documents().get_in(&mut *session, scope, doc! { "_id": id }).await?,
        };
        let Some(mut thread) = thread else { return Ok(Err(ServiceError::NotFound("thread"))) };
        if let Some(generation) = thread.active_generation_id {
            return Ok(Err(ServiceError::domain(Busy { generation })));
        }
        let asked_anew = matches!(question, Question::New { .. });
        let question = match self.question(session, actor, &thread, question).await? {
            Ok(question) => question,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let sibling =
            if asked_anew { 0 } else { self.next_sibling(session, &thread, Some(question.id)).await? };
        let model = model
            .or_else(|| thread.model.clone())
            .unwrap_or_else(|| self.generations.models().default_model().to_owned());
        let mut answer = self.message(&thread, Some(question.id), sibling, Role::Assistant);
        let generation = Draft {
            organization: thread.organization_id,
            owner: actor.user,
            origin: Origin::Thread { thread_id: thread.id, message_id: answer.id },
            model: model.clone(),
            parameters,
            cache,
        }
        .into_generation(&self.clock, self.clock.new_id());
        answer.generation_id = Some(generation.id);
        answer.model = Some(model.clone());

        thread.model.get_or_insert(model);
        thread.active_leaf_id = Some(answer.id);
        thread.active_generation_id = Some(generation.id);
        thread.last_message_at = Some(answer.created_at);
        thread.updated_at = answer.created_at;
        let sent = Sent { thread, user_message: question, assistant_message: answer, generation };
        self.store_turn(session, &sent, is_new, asked_anew).await?;
        Ok(Ok(sent))
    }

    /// The message that is to be answered: a new one, or one that is stored already.
    async fn question(
        &self,
        session: &mut ClientSession,
        actor: &Actor,
        thread: &Thread,
        question: Question,
    ) -> mongodb::error::Result<Result<Message>> {
        let (parent, parts, client_id) = match question {
            Question::Again(message) => return Ok(Ok(*message)),
            Question::New { parent, parts, client_id } => (parent, parts, client_id),
        };
        let parent = match parent {
            Parent::Leaf => thread.active_leaf_id,
            Parent::Given(Some(id)) if !self.has(session, thread, id).await? => {
                return Ok(Err(ServiceError::NotFound("message")));
            }
            Parent::Given(parent) => parent,
        };
        let sibling = self.next_sibling(session, thread, parent).await?;
        let message = self.message(thread, parent, sibling, Role::User);
        Ok(Ok(Message { author_id: Some(actor.user), parts, client_id, ..message }))
    }

    /// Writes the documents of a turn: the new ones, and the fields of the thread that changed.
    async fn store_turn(
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
            threads.update_one(own, in_view(&sent.thread)).session(session).await.map(|_| ())
        }
    }

    fn message(&self, thread: &Thread, parent: Option<MessageId>, sibling: i32, role: Role) -> Message {
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

    async fn has(
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
