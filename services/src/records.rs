//! What every collection does on behalf of a caller: the permission is about the collection's subject, and the scope
//! is how far it reaches. Domains add their own verbs and checks.

use mongodb::bson::Document;
use triptych_entities::documents::collection::Collection;
use triptych_stores::{
    access::{Action, Actor},
    collections::{Changes, Documents},
    error::Result,
    page::{KeyKind, KeyValue, Page, PageArgs, documents::Sorted},
};

use crate::Services;

/// The documents of one kind, as a caller reaches them.
#[derive(Clone)]
pub struct Records<C: Collection>(Documents<C>);

impl Services {
    /// The documents of a kind.
    #[must_use]
    pub fn records<C: Collection>(&self) -> Records<C> {
        Records(self.stores.documents())
    }
}

impl<C: Collection> Records<C> {
    /// Those of the ids that the caller may see, in no particular order.
    ///
    /// # Errors
    /// `Denied` without the permission to read the kind.
    pub async fn by_ids(&self, actor: &Actor, ids: &[C::Id]) -> Result<Vec<C>> {
        Ok(self.0.by_ids(actor.scope(Action::Read, C::SUBJECT)?, ids).await?)
    }

    /// A page of the documents that the caller may see, newest first.
    ///
    /// # Errors
    /// `Invalid` for wrong page arguments, `Denied` without the permission to read the kind.
    pub async fn list(&self, actor: &Actor, args: &PageArgs) -> Result<Page<C>> {
        let scope = actor.scope(Action::Read, C::SUBJECT)?;
        let sorted =
            Sorted::<C>::new(C::NAME, true).by("_id", KeyKind::Id, |document| KeyValue::from(document.id()));
        Ok(self.0.page(scope, Document::new(), &sorted, &sorted.window(args)?).await?)
    }

    /// Stores a new document of the caller's. Repeating it with the same idempotency key returns the first one.
    ///
    /// # Errors
    /// `Denied` without the permission to create the kind.
    pub async fn create(&self, actor: &Actor, document: C) -> Result<C> {
        let _ = actor.scope(Action::Create, C::SUBJECT)?;
        self.0.insert(document).await
    }

    /// Changes the named fields of a document.
    ///
    /// # Errors
    /// `NotFound`, also out of scope; `Conflict` if its version is not `expected`.
    pub async fn patch(
        &self,
        actor: &Actor,
        id: C::Id,
        changes: Changes,
        expected: Option<i32>,
    ) -> Result<C> {
        self.0.patch(actor.scope(Action::Update, C::SUBJECT)?, id, changes, expected).await
    }

    /// # Errors
    /// `NotFound`, also out of scope, and when it is repeated.
    pub async fn delete(&self, actor: &Actor, id: C::Id) -> Result<()> {
        self.0.delete(actor.scope(Action::Delete, C::SUBJECT)?, id).await
    }
}
