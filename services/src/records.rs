//! What every collection does on behalf of a caller: the permission is about the collection's subject, and the scope
//! is how far it reaches. Domains add their own verbs and checks.

use mongodb::bson::Document;
use serde::Serialize;
use triptych_entities::documents::{
    collection::Collection,
    record::{Content, Record},
    to_bson,
};
use triptych_stores::{
    access::{Action, Actor},
    collections::{Changes, Documents},
    error::Result,
    page::{KeyKind, KeyValue, Page, PageArgs, documents::Sorted},
};

use crate::{
    Services,
    input::{ClientId, Problems},
};

/// The fields that a caller gives for a record. In an update, those that are not given keep their value.
pub trait Fields: Serialize + Send {
    type Content: Content;

    /// Checks the given fields and brings them into their stored form, such as a name without space at its ends.
    /// Problems have paths in GraphQL's names.
    ///
    /// # Errors
    /// If a store that the check reads does not answer.
    fn check(
        &mut self,
        services: &Services,
        actor: &Actor,
        problems: &mut Problems,
    ) -> impl Future<Output = Result<()>> + Send;

    /// The content of a new record, or the name of a required field that is not given.
    ///
    /// # Errors
    /// The name of the field.
    fn content(self) -> Result<Self::Content, &'static str>;
}

/// The documents of a collection in the scope of a caller.
#[derive(Clone)]
pub struct Records<C: Collection>(Documents<C>);

impl Services {
    /// The documents of a kind.
    #[must_use]
    pub fn records<C: Collection>(&self) -> Records<C> {
        Records(self.stores.documents())
    }

    /// Creates a record that the caller owns. Repeating it with the same idempotency key returns the first one.
    ///
    /// # Errors
    /// `Denied` without the permission to create the kind, `Invalid` with each wrong field.
    pub async fn create<F: Fields>(
        &self,
        actor: &Actor,
        mut fields: F,
        client_id: Option<String>,
    ) -> Result<Record<F::Content>> {
        let _ = actor.scope(Action::Create, F::Content::SUBJECT)?;
        let mut problems = Problems::default();
        problems.parsed("clientId", client_id.as_deref().map(ClientId::parse).transpose());
        fields.check(self, actor, &mut problems).await?;
        let content = fields.content().map_err(|missing| problems.add(missing, "is required"));
        let Ok(content) = content else { return Err(problems.invalid()) };
        problems.check()?;
        let now = to_bson(self.clock.now());
        let record = Record {
            id: self.clock.new_id(),
            organization_id: actor.organization,
            owner_id: actor.user,
            version: 1,
            client_id,
            created_at: now,
            updated_at: now,
            content,
        };
        self.stores.documents().insert(record).await
    }

    /// Changes the given fields of a record. Other fields, including those that this version does not know, are
    /// preserved.
    ///
    /// # Errors
    /// `NotFound`, also out of scope; `Invalid` with each wrong field; `Conflict` if the version of the record is not
    /// `expected`.
    pub async fn update<F: Fields>(
        &self,
        actor: &Actor,
        id: <F::Content as Content>::Id,
        mut fields: F,
        expected: Option<i32>,
    ) -> Result<Record<F::Content>> {
        let scope = actor.scope(Action::Update, F::Content::SUBJECT)?;
        let mut problems = Problems::default();
        fields.check(self, actor, &mut problems).await?;
        problems.check()?;
        let changes = Changes::at(self.clock.now()).given(&fields)?;
        self.stores.documents().patch(scope, id, changes, expected).await
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

    /// # Errors
    /// `NotFound`, also out of scope, and when it is repeated.
    pub async fn delete(&self, actor: &Actor, id: C::Id) -> Result<()> {
        self.0.delete(actor.scope(Action::Delete, C::SUBJECT)?, id).await
    }
}
