//! Appends a turn to a thread: a message, an empty response and a queued generation, in one transaction.

use futures::FutureExt as _;
use mongodb::{ClientSession, bson::doc};
use serde_json::Value;
use triptych_entities::{
    documents::conversations::{
        generation::{Generation, Origin},
        message::{Message, Role},
        thread::Thread,
    },
    ids::{GenerationId, MessageId, ThreadId},
};
use triptych_stores::{
    access::{Action, Actor, Scope, Subject},
    collections::is_duplicate,
    error::{Code, Coded, Result, ServiceError, StoreError},
};

use super::{
    Threads,
    input::{ValidMessage, ValidOptions},
};
use crate::conversations::{generations::Draft, models::ModelName};

/// Number of attempts to store a turn when a concurrent call stores another one.
const ATTEMPTS: u32 = 4;

/// The documents of a turn.
#[derive(Debug, Clone)]
pub struct Sent {
    pub thread: Thread,
    pub user_message: Message,
    pub assistant_message: Message,
    pub generation: Generation,
}

/// A thread has at most one generation in progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the thread has a generation in progress; wait for the end of {generation}, or cancel it")]
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

/// The thread that a turn is appended to.
#[derive(Clone)]
pub(super) enum Target {
    New(Box<Thread>),
    Existing(ThreadId),
}

/// The message to respond to.
#[derive(Clone)]
pub(super) enum Question {
    /// A message to be stored.
    New { parent: Parent, message: ValidMessage },
    /// A stored message, which gets another response.
    Existing(Box<Message>),
}

/// The parent of a new message.
#[derive(Clone, Copy)]
pub(super) enum Parent {
    /// The last message of the active branch.
    ActiveLeaf,
    /// This message; none for a first message.
    Given(Option<MessageId>),
}

/// A message and the response that is requested.
#[derive(Clone)]
pub(super) struct Turn {
    pub target: Target,
    pub question: Question,
    pub options: ValidOptions,
}

impl Threads {
    /// Stores a turn and dispatches its generation. With an idempotency key that is already stored, returns the stored
    /// turn.
    pub(super) async fn append_turn(&self, actor: &Actor, turn: Turn) -> Result<Sent> {
        let client_id = match &turn.question {
            Question::New { message, .. } => message.client_id.clone(),
            Question::Existing(_) => None,
        };
        let mut attempt = 0;
        let sent = loop {
            attempt += 1;
            if let Some(client_id) = &client_id
                && let Some(sent) = self.sent_before(actor, client_id).await?
            {
                return Ok(sent);
            }
            let stored = self.try_append(actor, &turn).await;
            match stored {
                // A concurrent call stored a turn with the same key, or in the same thread.
                Err(StoreError::Mongo(error)) if is_duplicate(&error) && attempt < ATTEMPTS => {}
                stored => break stored??,
            }
        };
        // After the commit. If the process crashes before, the reconciler finds the queued document.
        self.generations.dispatch(sent.generation.id).await;
        Ok(sent)
    }

    async fn try_append(&self, actor: &Actor, turn: &Turn) -> Result<Result<Sent>, StoreError> {
        // A new thread needs only the permission to create, which was checked.
        let action = if matches!(turn.target, Target::New(_)) { Action::Create } else { Action::Update };
        let scope = match actor.scope(action, Subject::Thread) {
            Ok(scope) => scope,
            Err(denied) => return Ok(Err(denied.into())),
        };
        let append = self.stores.transaction(|session| {
            let (this, actor, turn) = (self.clone(), actor.clone(), turn.clone());
            async move { this.append_in(session, &actor, turn, scope).await }.boxed()
        });
        append.await
    }

    async fn append_in(
        &self,
        session: &mut ClientSession,
        actor: &Actor,
        turn: Turn,
        scope: Scope,
    ) -> mongodb::error::Result<Result<Sent>> {
        let Turn { target, question, options } = turn;
        let is_new_thread = matches!(target, Target::New(_));
        let thread = match target {
            Target::New(thread) => Some(*thread),
            Target::Existing(id) => self.documents().get_in(&mut *session, scope, doc! { "_id": id }).await?,
        };
        let Some(thread) = thread else { return Ok(Err(ServiceError::NotFound("thread"))) };
        if let Some(generation) = thread.active_generation_id {
            return Ok(Err(ServiceError::domain(Busy { generation })));
        }
        let is_new_question = matches!(question, Question::New { .. });
        let question = match self.question(session, actor, &thread, question).await? {
            Ok(question) => question,
            Err(error) => return Ok(Err(error)),
        };
        let sibling =
            if is_new_question { 0 } else { self.next_sibling(session, &thread, Some(question.id)).await? };
        let response = self.message(&thread, Some(question.id), sibling, Role::Assistant);
        let sent = self.turn_of(actor, thread, question, response, options);
        self.insert_turn(session, &sent, is_new_thread, is_new_question).await?;
        Ok(Ok(sent))
    }

    /// Adds the generation, and sets the fields of the thread and the response that refer to it.
    fn turn_of(
        &self,
        actor: &Actor,
        mut thread: Thread,
        question: Message,
        mut response: Message,
        options: ValidOptions,
    ) -> Sent {
        let model = options
            .model
            .map(ModelName::into_string)
            .or_else(|| thread.model.clone())
            .unwrap_or_else(|| self.generations.models().default_model().to_owned());
        let generation = Draft {
            organization: thread.organization_id,
            owner: actor.user,
            origin: Origin::Thread { thread_id: thread.id, message_id: response.id },
            model: model.clone(),
            parameters: options.parameters,
            cache: options.cache,
        }
        .into_generation(&self.clock, self.clock.new_id());
        response.generation_id = Some(generation.id);
        response.model = Some(model.clone());

        thread.model.get_or_insert(model);
        thread.active_leaf_id = Some(response.id);
        thread.active_generation_id = Some(generation.id);
        thread.last_message_at = Some(response.created_at);
        thread.updated_at = response.created_at;
        Sent { thread, user_message: question, assistant_message: response, generation }
    }
}
