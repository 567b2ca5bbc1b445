//! Changing a thread's own fields.

use triptych_entities::{documents::conversations::thread::Thread, ids::ThreadId};
use triptych_stores::{
    access::{Action, Actor, Subject},
    collections::Changes,
    error::Result,
};

use super::Threads;

use crate::input::{Problems, Title};

/// What to change; absent fields stay as they are.
#[derive(Debug, Clone, Default)]
pub struct UpdateThread {
    pub title: Option<String>,
    pub archived: Option<bool>,
    pub model: Option<String>,
}

impl Threads {
    /// # Errors
    /// `NotFound` also for another's thread; `Invalid` as on creation.
    #[tracing::instrument(skip_all, fields(thread.id = %id))]
    pub async fn update(&self, actor: &Actor, id: ThreadId, change: UpdateThread) -> Result<Thread> {
        let scope = actor.scope(Action::Update, Subject::Thread)?;
        let mut problems = Problems::default();
        let title = problems.parsed("title", change.title.as_deref().map(Title::parse).transpose());
        self.check_model(change.model.as_deref(), &mut problems);
        let Some(title) = title else { return Err(problems.invalid()) };
        problems.check()?;
        let changes = Changes::at(self.clock.now())
            .set_some("title", title.map(Title::into_string))
            .set_some("archived", change.archived)
            .set_some("model", change.model);
        self.documents().patch(scope, id, changes, None).await
    }
}
