//! Requests responses: to a new message, again to an answered message, or to an edited message.

use mongodb::bson::{Bson, doc};
use triptych_entities::{
    documents::conversations::{
        generation::{CachePolicy, Generation, Parameters},
        message::{Message, Role},
    },
    ids::{MessageId, ThreadId},
};
use triptych_stores::{
    access::{Action, Actor, Scope, Subject},
    error::{Invalid, Result, StoreError},
};

use super::{
    NewPart, Sent, Threads, content,
    turn::{Parent, Place, Question, Turn},
};

use crate::{
    conversations::parameters,
    input::{ClientId, Problems},
};

/// The input of [`Threads::send_message`].
#[derive(Debug, Clone, Default)]
pub struct SendMessage {
    /// Creates a new thread if absent.
    pub thread_id: Option<ThreadId>,
    /// Defaults to the end of the active branch.
    pub parent_id: Option<MessageId>,
    /// Idempotency key: a repeated call with the same value returns the first result.
    pub client_id: Option<String>,
    pub text: Option<String>,
    pub parts: Vec<NewPart>,
    /// `provider/model`. Defaults to the model of the thread.
    pub model: Option<String>,
    pub parameters: Parameters,
    pub cache: CachePolicy,
}

/// The input of [`Threads::regenerate_message`].
#[derive(Debug, Clone)]
pub struct RegenerateMessage {
    /// The id of a response, or of the message that it responds to.
    pub message_id: MessageId,
    pub model: Option<String>,
    pub parameters: Parameters,
    pub cache: CachePolicy,
}

/// The input of [`Threads::edit_message`].
#[derive(Debug, Clone)]
pub struct EditMessage {
    pub message_id: MessageId,
    pub client_id: Option<String>,
    pub text: Option<String>,
    pub parts: Vec<NewPart>,
    pub model: Option<String>,
    pub parameters: Parameters,
    pub cache: CachePolicy,
}

impl Threads {
    /// Stores the message, an empty response and a queued generation, in one transaction.
    ///
    /// # Errors
    /// `Busy` while the thread has a generation in progress; `Invalid` with all problems; `NotFound`, also for the thread
    /// of another user.
    #[tracing::instrument(skip_all)]
    pub async fn send_message(&self, actor: &Actor, send: SendMessage) -> Result<Sent> {
        let action = if send.thread_id.is_some() { Action::Update } else { Action::Create };
        let _ = actor.scope(action, Subject::Thread)?;
        let mut problems = self.problems(send.model.as_deref(), &send.parameters, send.client_id.as_deref());
        if send.thread_id.is_none() && send.parent_id.is_some() {
            problems.add("parentId", "needs the `threadId` that it belongs to");
        }
        let parts = problems.with(content::check(send.text, send.parts))?;
        let place = match send.thread_id {
            Some(id) => Place::In(id),
            None => Place::New(Box::new(self.blank(actor, content::title_from(&parts), None, None))),
        };
        let parent = send.parent_id.map_or(Parent::Leaf, |parent| Parent::Given(Some(parent)));
        let turn = Turn {
            place,
            question: Question::New { parent, parts, client_id: send.client_id },
            model: send.model,
            parameters: send.parameters,
            cache: send.cache,
        };
        self.take_turn(actor, turn).await
    }

    /// Requests another response to the same message, as a sibling of the earlier response.
    ///
    /// # Errors
    /// See [`Threads::send_message`].
    #[tracing::instrument(skip_all, fields(message.id = %again.message_id))]
    pub async fn regenerate_message(&self, actor: &Actor, again: RegenerateMessage) -> Result<Sent> {
        self.problems(again.model.as_deref(), &again.parameters, None).check()?;
        let message = self.message_to_change(actor, again.message_id).await?;
        let question = match (message.role, message.parent_id) {
            (Role::User, _) => message,
            (Role::Assistant, Some(parent)) => self.message_to_change(actor, parent).await?,
            _ => return Err(Invalid::one("messageId", "must be a response, or a message of a user").into()),
        };
        let turn = Turn {
            place: Place::In(question.thread_id),
            question: Question::Again(Box::new(question)),
            model: again.model,
            parameters: again.parameters,
            cache: again.cache,
        };
        self.take_turn(actor, turn).await
    }

    /// Stores the new text as a sibling of the message, and requests a response to it.
    ///
    /// # Errors
    /// See [`Threads::send_message`].
    #[tracing::instrument(skip_all, fields(message.id = %edit.message_id))]
    pub async fn edit_message(&self, actor: &Actor, edit: EditMessage) -> Result<Sent> {
        let problems = self.problems(edit.model.as_deref(), &edit.parameters, edit.client_id.as_deref());
        let parts = problems.with(content::check(edit.text, edit.parts))?;
        let message = self.message_to_change(actor, edit.message_id).await?;
        if message.role != Role::User {
            return Err(Invalid::one("messageId", "only messages of users can be edited").into());
        }
        let turn = Turn {
            place: Place::In(message.thread_id),
            question: Question::New {
                parent: Parent::Given(message.parent_id),
                parts,
                client_id: edit.client_id,
            },
            model: edit.model,
            parameters: edit.parameters,
            cache: edit.cache,
        };
        self.take_turn(actor, turn).await
    }

    fn problems(&self, model: Option<&str>, given: &Parameters, client_id: Option<&str>) -> Problems {
        let mut problems = Problems::default();
        problems.parsed("clientId", client_id.map(ClientId::parse).transpose());
        self.check_model(model, &mut problems);
        parameters::check(Some(given), &mut problems);
        problems
    }

    async fn message_to_change(&self, actor: &Actor, id: MessageId) -> Result<Message> {
        self.messages().get(actor.scope(Action::Update, Subject::Thread)?, id).await
    }

    /// The result of an earlier call with the same idempotency key.
    pub(super) async fn sent_before(
        &self,
        actor: &Actor,
        client_id: &str,
    ) -> Result<Option<Sent>, StoreError> {
        let scope = Scope::whole(actor.organization);
        let same = doc! {
            "authorId": actor.user,
            // The index is partial and serves only a filter that says that the field exists.
            "clientId": { "$eq": client_id, "$exists": true },
        };
        let Some(question) = self.messages().find(scope, same).await?.pop() else { return Ok(None) };
        let answers = doc! {
            "threadId": question.thread_id,
            "parentId": Bson::from(question.id),
            "sibling": { "$gte": 0 },
        };
        let answers = self.messages().find(scope, answers).await?;
        let Some(answer) = answers.into_iter().min_by_key(|answer| answer.sibling) else { return Ok(None) };
        let generations = self.stores.documents::<Generation>();
        let generation = match answer.generation_id {
            Some(id) => generations.by_ids(scope, &[id]).await?.pop(),
            None => None,
        };
        let thread = self.documents().by_ids(scope, &[question.thread_id]).await?.pop();
        Ok(generation.zip(thread).map(|(generation, thread)| Sent {
            thread,
            user_message: question,
            assistant_message: answer,
            generation,
        }))
    }
}
