//! Changing a thread's own fields.

use triptych_entities::{documents::conversations::thread::Thread, ids::ThreadId};
use triptych_stores::{
    access::{Action, Actor, Subject},
    collections::Changes,
    error::{Invalid, Problem, Result},
};

use super::{Threads, create::title_problem};

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
        let mut problems: Vec<Problem> =
            change.title.as_deref().and_then(title_problem).into_iter().collect();
        if let Some(Err(message)) =
            change.model.as_deref().map(|model| self.generations.models().check(model))
        {
            problems.push(Problem::new("model", message));
        }
        Invalid::check(problems)?;
        let changes = Changes::at(self.mint.now())
            .set_some("title", change.title.as_deref().map(str::trim))
            .set_some("archived", change.archived)
            .set_some("model", change.model);
        self.documents().patch(scope, id, changes, None).await
    }
}
