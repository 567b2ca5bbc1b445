//! Updates the fields of a thread.

use triptych_entities::{documents::conversations::thread::Thread, ids::ThreadId};
use triptych_stores::{
    access::{Action, Actor, Subject},
    collections::Changes,
    error::Result,
};

use super::Threads;
use crate::{
    conversations::models::ModelName,
    input::{Problems, Title},
};

/// The changes; absent fields do not change.
#[derive(Debug, Clone, Default)]
pub struct UpdateThread {
    pub title: Option<String>,
    pub archived: Option<bool>,
    pub model: Option<String>,
}

impl Threads {
    /// Updates a thread.
    ///
    /// # Errors
    /// `NotFound`, also for the thread of another user; `Invalid` with each wrong field.
    #[tracing::instrument(skip_all, fields(thread.id = %id))]
    pub async fn update(&self, actor: &Actor, id: ThreadId, change: UpdateThread) -> Result<Thread> {
        let scope = actor.scope(Action::Update, Subject::Thread)?;
        let mut problems = Problems::default();
        let title = problems.parsed("title", change.title.as_deref().map(Title::parse).transpose());
        let model = problems.parsed("model", self.parse_model(change.model.as_deref()));
        let (title, model) = problems.finish(title.zip(model))?;
        let changes = Changes::at(self.clock.now())
            .set_some("title", title.map(Title::into_string))
            .set_some("archived", change.archived)
            .set_some("model", model.map(ModelName::into_string));
        self.documents().patch(scope, id, changes, None).await
    }
}
