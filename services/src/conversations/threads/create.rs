//! Creates threads.

use mongodb::bson::doc;
use triptych_entities::documents::{conversations::thread::Thread, to_bson};
use triptych_stores::{
    access::{Action, Actor, Subject},
    error::{Invalid, Problem, Result},
};

use super::Threads;

/// Maximum length of a title, in characters.
pub(super) const MAX_TITLE: usize = 200;
/// Maximum length of an idempotency key, in bytes.
const MAX_CLIENT_ID: usize = 200;

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
        let mut problems = Vec::new();
        let title = new.title.unwrap_or_else(|| "New thread".to_owned());
        problems.extend(title_problem(&title));
        if let Some(Err(message)) = new.model.as_deref().map(|model| self.generations.models().check(model)) {
            problems.push(Problem::new("model", message));
        }
        problems.extend(client_id_problem(new.client_id.as_deref()));
        Invalid::check(problems)?;
        let thread = self.blank(actor, title.trim().to_owned(), new.model, new.client_id);
        self.documents().insert(thread).await
    }

    pub(super) fn blank(
        &self,
        actor: &Actor,
        title: String,
        model: Option<String>,
        client_id: Option<String>,
    ) -> Thread {
        let now = to_bson(self.mint.now());
        Thread {
            id: self.mint.id(),
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

pub(super) fn title_problem(title: &str) -> Option<Problem> {
    let fits = !title.trim().is_empty() && title.chars().count() <= MAX_TITLE;
    (!fits).then(|| Problem::new("title", format!("must have between 1 and {MAX_TITLE} characters")))
}

pub(super) fn client_id_problem(client_id: Option<&str>) -> Option<Problem> {
    let fits = client_id.is_none_or(|id| !id.is_empty() && id.len() <= MAX_CLIENT_ID);
    (!fits).then(|| Problem::new("clientId", format!("must have between 1 and {MAX_CLIENT_ID} bytes")))
}
