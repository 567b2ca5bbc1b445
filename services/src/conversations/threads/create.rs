//! Creates threads.

use triptych_entities::documents::{conversations::thread::Thread, to_bson};
use triptych_stores::{
    access::{Action, Actor, Subject},
    error::Result,
};

use super::Threads;
use crate::{
    conversations::models::ModelName,
    input::{ClientId, Problems, Title},
};

/// The input of `create`.
#[derive(Debug, Clone, Default)]
pub struct CreateThread {
    pub title: Option<String>,
    /// The default `provider/model` of the messages.
    pub model: Option<String>,
    /// Idempotency key: a repeated call with the same value returns the same thread.
    pub client_id: Option<String>,
}

impl Threads {
    /// Creates a thread that the caller owns.
    ///
    /// # Errors
    /// `Invalid` with each wrong field.
    #[tracing::instrument(skip_all)]
    pub async fn create(&self, actor: &Actor, new: CreateThread) -> Result<Thread> {
        let _ = actor.scope(Action::Create, Subject::Thread)?;
        let mut problems = Problems::default();
        let title = problems.parsed("title", Title::parse(new.title.as_deref().unwrap_or("New thread")));
        let model = problems.parsed("model", self.parse_model(new.model.as_deref()));
        let client_id = new.client_id.as_deref().map(ClientId::parse).transpose();
        let client_id = problems.parsed("clientId", client_id);
        let ((title, model), client_id) = problems.finish(title.zip(model).zip(client_id))?;
        let mut thread = self.empty_thread(actor, title.into_string());
        thread.model = model.map(ModelName::into_string);
        thread.client_id = client_id.map(ClientId::into_string);
        self.documents().insert(thread).await
    }

    /// A thread without messages, which is not stored.
    pub(super) fn empty_thread(&self, actor: &Actor, title: String) -> Thread {
        let now = to_bson(self.clock.now());
        Thread {
            id: self.clock.new_id(),
            organization_id: actor.organization,
            owner_id: actor.user,
            title,
            model: None,
            active_leaf_id: None,
            active_generation_id: None,
            client_id: None,
            archived: false,
            created_at: now,
            updated_at: now,
            last_message_at: None,
        }
    }
}
