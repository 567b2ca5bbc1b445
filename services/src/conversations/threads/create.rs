//! Creates threads.

use triptych_entities::documents::{conversations::thread::Thread, to_bson};
use triptych_stores::{
    access::{Action, Actor, Subject},
    error::Result,
};

use super::Threads;

use crate::input::{ClientId, Problems, Title};

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
    /// # Errors
    /// `Invalid` for a title that is too long or a model that is not configured.
    #[tracing::instrument(skip_all)]
    pub async fn create(&self, actor: &Actor, new: CreateThread) -> Result<Thread> {
        let _ = actor.scope(Action::Create, Subject::Thread)?;
        let mut problems = Problems::default();
        let title = problems.parsed("title", Title::parse(new.title.as_deref().unwrap_or("New thread")));
        self.check_model(new.model.as_deref(), &mut problems);
        problems.parsed("clientId", new.client_id.as_deref().map(ClientId::parse).transpose());
        let Some(title) = title else { return Err(problems.invalid()) };
        problems.check()?;
        let thread = self.blank(actor, title.into_string(), new.model, new.client_id);
        self.documents().insert(thread).await
    }

    /// Checks that a model is configured, if one is given.
    pub(super) fn check_model(&self, model: Option<&str>, problems: &mut Problems) {
        let models = self.generations.models();
        problems.parsed("model", model.map_or(Ok(()), |model| models.check(model)));
    }

    pub(super) fn blank(
        &self,
        actor: &Actor,
        title: String,
        model: Option<String>,
        client_id: Option<String>,
    ) -> Thread {
        let now = to_bson(self.clock.now());
        Thread {
            id: self.clock.new_id(),
            organization_id: actor.organization,
            owner_id: actor.user,
            title,
            model,
            active_leaf_id: None,
            active_generation_id: None,
            client_id,
            archived: false,
            created_at: now,
            updated_at: now,
            last_message_at: None,
        }
    }
}
