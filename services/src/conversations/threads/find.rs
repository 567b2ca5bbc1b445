//! Reading threads, never without the tenant, and never another person's without the permission.

use mongodb::bson::{DateTime, Document, doc};
use triptych_entities::{
    documents::conversations::thread::Thread,
    ids::{ThreadId, UserId},
};
use triptych_stores::{
    access::{Action, Actor, Subject},
    collections::{all, in_time},
    error::Denied,
    page::{Page, Window},
};

use super::{ThreadError, Threads};

/// What a list of threads is ordered by, newest first: milliseconds of its creation, and its id.
pub type ThreadKey = (i64, ThreadId);

/// Which end of a list of threads comes first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum ThreadOrder {
    #[default]
    Newest,
    Oldest,
}

/// Which threads to list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ThreadFilter {
    /// In the title, whatever its case.
    pub search: Option<String>,
    /// Those in view when absent.
    pub archived: Option<bool>,
    /// The caller's own when absent; another's only with a permission that is not limited to one's own.
    pub owner: Option<UserId>,
}

impl Threads {
    /// # Errors
    /// `NotFound` also for another's thread.
    pub async fn get(&self, actor: &Actor, id: ThreadId) -> Result<Thread, ThreadError> {
        let mut filter = visible(actor, Action::Read)?;
        filter.insert("_id", id);
        in_time(self.stores.threads().find_one(filter)).await?.ok_or(ThreadError::NotFound)
    }

    /// Those of the ids that the caller may see, in no particular order, in one query.
    ///
    /// # Errors
    /// `Denied` without the permission to read threads.
    pub async fn by_ids(&self, actor: &Actor, ids: &[ThreadId]) -> Result<Vec<Thread>, ThreadError> {
        let mut filter = visible(actor, Action::Read)?;
        filter.insert("_id", doc! { "$in": ids.to_vec() });
        Ok(all(self.stores.threads().find(filter)).await?)
    }

    /// A page of threads.
    ///
    /// # Errors
    /// `Denied` without the permission to read threads.
    pub async fn list(
        &self,
        actor: &Actor,
        filter: &ThreadFilter,
        order: ThreadOrder,
        window: &Window<ThreadKey>,
    ) -> Result<Page<Thread>, ThreadError> {
        let Some(filter) = listed(actor, filter)? else {
            return Ok(Page { items: Vec::new(), has_previous: false, has_next: false });
        };
        let mut conditions = vec![filter];
        if let Some(key) = &window.after {
            conditions.push(beside(*key, if order == ThreadOrder::Newest { "$lt" } else { "$gt" }));
        }
        if let Some(key) = &window.before {
            conditions.push(beside(*key, if order == ThreadOrder::Newest { "$gt" } else { "$lt" }));
        }
        let direction = if window.backward == (order == ThreadOrder::Newest) { 1 } else { -1 };
        let threads = self.stores.threads();
        let find = threads
            .find(doc! { "$and": conditions })
            .sort(doc! { "createdAt": direction, "_id": direction })
            .limit(i64::try_from(window.fetch()).unwrap_or(i64::MAX));
        Ok(Page::from_fetched(window, all(find).await?))
    }

    /// How many threads the whole list has.
    ///
    /// # Errors
    /// `Denied` without the permission to read threads.
    pub async fn count(&self, actor: &Actor, filter: &ThreadFilter) -> Result<u64, ThreadError> {
        let Some(filter) = listed(actor, filter)? else { return Ok(0) };
        Ok(in_time(self.stores.threads().count_documents(filter)).await?)
    }

    /// The key of a thread in a list.
    #[must_use]
    pub fn key(thread: &Thread) -> ThreadKey {
        (thread.created_at.timestamp_millis(), thread.id)
    }
}

/// What the caller may do this to.
pub(super) fn visible(actor: &Actor, action: Action) -> Result<Document, Denied> {
    let mut filter = doc! { "organizationId": actor.organization };
    if let Some(owner) = actor.require(action, Subject::Thread)?.owner() {
        filter.insert("ownerId", owner);
    }
    Ok(filter)
}

/// None if nothing in the list can be the caller's to see.
fn listed(actor: &Actor, filter: &ThreadFilter) -> Result<Option<Document>, Denied> {
    let reach = actor.require(Action::Read, Subject::Thread)?;
    let owner = filter.owner.unwrap_or(actor.user);
    if !reach.covers(owner) {
        return Ok(None);
    }
    let mut listed = doc! {
        "organizationId": actor.organization,
        "ownerId": owner,
        "archived": filter.archived.unwrap_or(false),
    };
    if let Some(search) = filter.search.as_deref().map(str::trim).filter(|search| !search.is_empty()) {
        listed.insert("title", doc! { "$regex": literal(search), "$options": "i" });
    }
    Ok(Some(listed))
}

/// A pattern that matches the text as it is.
fn literal(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        if c.is_ascii_punctuation() {
            pattern.push('\\');
        }
        // A NUL cannot stand in a BSON pattern, nor in a title that anyone reads.
        if c != '\0' {
            pattern.push(c);
        }
    }
    pattern
}

fn beside((millis, id): ThreadKey, direction: &str) -> Document {
    let at = DateTime::from_millis(millis);
    doc! { "$or": [
        { "createdAt": { direction: at } },
        { "createdAt": at, "_id": { direction: id } },
    ] }
}
