//! Requests responses: to a new message, to an edited message, or another one to the same message.

use mongodb::bson::{Bson, doc};
use triptych_entities::{
    documents::conversations::{
        generation::Generation,
        message::{Message, Role},
    },
    ids::MessageId,
};
use triptych_stores::{
    access::{Action, Actor, Scope, Subject},
    error::{Invalid, Result, StoreError},
};

use super::{
    EditMessage, RegenerateMessage, SendMessage, Sent, Threads, content,
    turn::{Parent, Question, Target, Turn},
};
use crate::input::{ClientId, Problems};

impl Threads {
    /// Stores the message, an empty response and a queued generation, in one transaction.
    ///
    /// # Errors
    /// `Conflict` while the thread has a generation in progress; `Invalid` with all problems; `NotFound`, also for the
    /// thread of another user.
    #[tracing::instrument(skip_all)]
    pub async fn send_message(&self, actor: &Actor, send: SendMessage) -> Result<Sent> {
        let action = if send.thread_id.is_some() { Action::Update } else { Action::Create };
        let _ = actor.scope(action, Subject::Thread)?;
        let mut problems = Problems::default();
        if send.thread_id.is_none() && send.parent_id.is_some() {
            problems.add("parentId", "needs the `threadId` that it belongs to");
        }
        let message = send.message.parse(&mut problems);
        let options = self.parse_options(send.response, &mut problems);
        let (message, options) = problems.finish(message.zip(options))?;
        let target = match send.thread_id {
            Some(id) => Target::Existing(id),
            None => Target::New(Box::new(self.empty_thread(actor, content::title_from(&message.parts)))),
        };
        let parent = send.parent_id.map_or(Parent::ActiveLeaf, |parent| Parent::Given(Some(parent)));
        self.append_turn(actor, Turn { target, question: Question::New { parent, message }, options }).await
    }

    /// Requests another response to the same message, as a sibling of the earlier response.
    ///
    /// # Errors
    /// See [`Threads::send_message`].
    #[tracing::instrument(skip_all, fields(message.id = %again.message_id))]
    pub async fn regenerate_message(&self, actor: &Actor, again: RegenerateMessage) -> Result<Sent> {
        let mut problems = Problems::default();
        let options = self.parse_options(again.response, &mut problems);
        let options = problems.finish(options)?;
        let message = self.message_to_change(actor, again.message_id).await?;
        let question = match (message.role, message.parent_id) {
            (Role::User, _) => message,
            (Role::Assistant, Some(parent)) => self.message_to_change(actor, parent).await?,
            _ => return Err(Invalid::one("messageId", "must be a response, or a message of a user").into()),
        };
        let target = Target::Existing(question.thread_id);
        let question = Question::Existing(Box::new(question));
        self.append_turn(actor, Turn { target, question, options }).await
    }

    /// Stores the new text as a sibling of the message, and requests a response to it.
    ///
    /// # Errors
    /// See [`Threads::send_message`].
    #[tracing::instrument(skip_all, fields(message.id = %edit.message_id))]
    pub async fn edit_message(&self, actor: &Actor, edit: EditMessage) -> Result<Sent> {
        let mut problems = Problems::default();
        let message = edit.message.parse(&mut problems);
        let options = self.parse_options(edit.response, &mut problems);
        let (message, options) = problems.finish(message.zip(options))?;
        let edited = self.message_to_change(actor, edit.message_id).await?;
        if edited.role != Role::User {
            return Err(Invalid::one("messageId", "only messages of users can be edited").into());
        }
        let target = Target::Existing(edited.thread_id);
        let question = Question::New { parent: Parent::Given(edited.parent_id), message };
        self.append_turn(actor, Turn { target, question, options }).await
    }

    async fn message_to_change(&self, actor: &Actor, id: MessageId) -> Result<Message> {
        self.messages().get(actor.scope(Action::Update, Subject::Thread)?, id).await
    }

    /// The result of an earlier call with the same idempotency key.
    pub(super) async fn sent_before(
        &self,
        actor: &Actor,
        client_id: &ClientId,
    ) -> Result<Option<Sent>, StoreError> {
        let scope = Scope::whole(actor.organization);
        let same = doc! {
            "authorId": actor.user,
            // The index is partial: it serves only filters that require the field.
            "clientId": { "$eq": client_id.as_str(), "$exists": true },
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
