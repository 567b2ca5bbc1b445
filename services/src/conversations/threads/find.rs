//! Reads threads.

use mongodb::bson::{Document, doc};
use triptych_entities::{
    documents::{conversations::thread::Thread, from_bson},
    ids::{ThreadId, UserId},
};
use triptych_stores::{
    access::{Action, Actor, Subject},
    error::Result,
    page::{KeyKind, KeyValue, Page, PageArgs, documents::Sorted},
};

use super::Threads;

/// Which end of a list of threads comes first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum ThreadOrder {
    #[default]
    Newest,
    Oldest,
}

/// What a list of threads is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ThreadFilter {
    /// Part of the title, whatever its case.
    pub search: Option<String>,
    /// Archived threads, or those that are not; the latter when absent.
    pub archived: Option<bool>,
    /// The caller when absent; somebody else only for a permission that reaches the whole organization.
    pub owner: Option<UserId>,
}

impl Threads {
    /// # Errors
    /// `NotFound`, also for somebody else's thread.
    pub async fn get(&self, actor: &Actor, id: ThreadId) -> Result<Thread> {
        self.documents().get(actor.scope(Action::Read, Subject::Thread)?, id).await
    }

    /// Those of the ids that the caller may see, in no particular order, in one query.
    ///
    /// # Errors
    /// `Denied` without the permission to read threads.
    pub async fn by_ids(&self, actor: &Actor, ids: &[ThreadId]) -> Result<Vec<Thread>> {
        Ok(self.documents().by_ids(actor.scope(Action::Read, Subject::Thread)?, ids).await?)
    }

    /// A page of threads.
    ///
    /// # Errors
    /// `Invalid` for wrong page arguments, `Denied` without the permission to read threads.
    pub async fn list(
        &self,
        actor: &Actor,
        filter: &ThreadFilter,
        order: ThreadOrder,
        args: &PageArgs,
    ) -> Result<Page<Thread>> {
        let scope = actor.scope(Action::Read, Subject::Thread)?;
        let sorted = Sorted::<Thread>::new("threads", order == ThreadOrder::Newest)
            .by("createdAt", KeyKind::Time, |thread| KeyValue::Time(from_bson(thread.created_at)))
            .by("_id", KeyKind::Id, |thread| thread.id.into());
        let filter = filter.narrow(actor);
        Ok(self.documents().page(scope, filter, &sorted, &sorted.window(args)?).await?)
    }
}

impl ThreadFilter {
    fn narrow(&self, actor: &Actor) -> Document {
        let mut filter = doc! {
            "ownerId": self.owner.unwrap_or(actor.user),
            "archived": self.archived.unwrap_or(false),
        };
        let search = self.search.as_deref().map(str::trim).filter(|search| !search.is_empty());
        if let Some(search) = search {
            filter.insert("title", doc! { "$regex": literal(search), "$options": "i" });
        }
        filter
    }
}

/// A regular expression that matches the text as it is.
fn literal(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        if c.is_ascii_punctuation() {
            pattern.push('\\');
        }
        // A BSON pattern cannot hold U+0000, and no title does.
        if c != '\0' {
            pattern.push(c);
        }
    }
    pattern
}
