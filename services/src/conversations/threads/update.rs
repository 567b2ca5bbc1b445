//! Changing a thread's own fields.

use mongodb::{bson::doc, options::ReturnDocument};
use triptych_entities::{
    documents::{conversations::thread::Thread, to_bson},
    ids::ThreadId,
};
use triptych_stores::{
    access::{Action, Actor},
    collections::in_time,
    error::{Invalid, Problem},
};

use super::{ThreadError, Threads, create::title_problem, find::visible};

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
    pub async fn update(
        &self,
        actor: &Actor,
        id: ThreadId,
        change: UpdateThread,
    ) -> Result<Thread, ThreadError> {
        let mut filter = visible(actor, Action::Update)?;
        filter.insert("_id", id);
        let mut problems: Vec<Problem> =
            change.title.as_deref().and_then(title_problem).into_iter().collect();
        let mut set = doc! { "updatedAt": to_bson(self.mint.now()) };
        if let Some(title) = change.title {
            set.insert("title", title.trim());
        }
        if let Some(archived) = change.archived {
            set.insert("archived", archived);
        }
        if let Some(model) = change.model {
            if let Err(message) = self.generations.models().check(&model) {
                problems.push(Problem::new("model", message));
            }
            set.insert("model", model);
        }
        Invalid::check(problems)?;
        let threads = self.stores.threads();
        let update =
            threads.find_one_and_update(filter, doc! { "$set": set }).return_document(ReturnDocument::After);
        in_time(update).await?.ok_or(ThreadError::NotFound)
    }
}
