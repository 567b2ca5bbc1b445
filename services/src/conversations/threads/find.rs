//! Reads threads.

use mongodb::bson::{Document, doc};
use triptych_entities::{
    documents::{conversations::thread::Thread, from_bson},
    ids::{ThreadId, UserId},
};
use triptych_stores::{
    access::{Action, Actor, Subject},
    error::{Invalid, Result},
    page::{KeyKind, KeyValue, Page, PageArgs, documents::Sorted},
};

use super::Threads;
use crate::input::Search;

/// The order of a list of threads, by the time of creation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum ThreadOrder {
    #[default]
    Newest,
    Oldest,
}

/// A filter of threads. All conditions must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ThreadFilter {
    /// A part of the title; case-insensitive.
    pub search: Option<String>,
    /// Whether archived threads are listed. Defaults to those that are not archived.
    pub archived: Option<bool>,
    /// Defaults to the caller. Threads of other users need a permission on the whole organization.
    pub owner: Option<UserId>,
}

impl Threads {
    /// Fetches a thread.
    ///
    /// # Errors
    /// `NotFound`, also for the thread of another user.
    pub async fn get(&self, actor: &Actor, id: ThreadId) -> Result<Thread> {
        self.documents().get(actor.scope(Action::Read, Subject::Thread)?, id).await
    }

    /// Fetches threads that the caller may see, in any order, with one query.
    ///
    /// # Errors
    /// `Denied` without the permission to read threads.
    pub async fn by_ids(&self, actor: &Actor, ids: &[ThreadId]) -> Result<Vec<Thread>> {
        Ok(self.documents().by_ids(actor.scope(Action::Read, Subject::Thread)?, ids).await?)
    }

    /// Lists threads.
    ///
    /// # Errors
    /// `Invalid` for invalid page arguments; `Denied` without the permission to read threads.
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
        let filter = filter.document(actor)?;
        Ok(self.documents().page(scope, filter, &sorted, &sorted.window(args)?).await?)
    }
}

impl ThreadFilter {
    fn document(&self, actor: &Actor) -> Result<Document, Invalid> {
        let mut filter = doc! {
            "ownerId": self.owner.unwrap_or(actor.user),
            "archived": self.archived.unwrap_or(false),
        };
        if let Some(search) = Search::of_filter(self.search.as_deref())? {
            filter.insert("title", doc! { "$regex": literal(search.as_str()), "$options": "i" });
        }
        Ok(filter)
    }
}

/// A regular expression that matches the text literally.
fn literal(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        if c.is_ascii_punctuation() {
            pattern.push('\\');
        }
        // A BSON pattern cannot contain U+0000, and no title does.
        if c != '\0' {
            pattern.push(c);
        }
    }
    pattern
}
