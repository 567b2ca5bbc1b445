//! The generic store over a collection: what every kind of document can do.

use std::collections::HashSet;

use bson::{Bson, Document, doc};
use mongodb::{ClientSession, options::ReturnDocument};
use serde::Deserialize;
use triptych_entities::documents::collection::{Collection, Ownership};

use super::{Changes, UniqueRules, all, in_time, is_duplicate};
use crate::{
    access::Scope,
    connections::Stores,
    error::{Result, ServiceError, StoreError},
    page::{Page, Window, documents::Sorted},
};

/// The documents of one kind. Every query begins with a scope; what is out of scope is not found.
#[derive(Clone)]
pub struct Documents<C: Collection> {
    pub(super) raw: mongodb::Collection<C>,
    pub(super) db: mongodb::Database,
    pub(super) unique: UniqueRules,
}

impl Stores {
    /// The collection of a kind of document.
    #[must_use]
    pub fn documents<C: Collection>(&self) -> Documents<C> {
        Documents { raw: self.mongo.collection(C::NAME), db: self.mongo.clone(), unique: self.unique.clone() }
    }
}

impl<C: Collection> Documents<C> {
    /// The filter of a scope. For documents that belong to a parent document the filter is the organization only, and
    /// `reachable` checks the owner of the parent.
    #[must_use]
    pub fn within(scope: Scope) -> Document {
        let mut filter = doc! { "organizationId": scope.organization() };
        if let (Some(owner), Ownership::Field(field)) = (scope.owner(), C::OWNERSHIP) {
            filter.insert(field, owner);
        }
        filter
    }

    /// The document with this id.
    ///
    /// # Errors
    /// `NotFound`, also for a document that is out of scope.
    pub async fn get(&self, scope: Scope, id: C::Id) -> Result<C> {
        self.by_ids(scope, &[id]).await?.pop().ok_or(ServiceError::NotFound(C::NOUN))
    }

    /// Finds the documents with these ids that are in scope, in no particular order, with one query.
    ///
    /// # Errors
    /// If `MongoDB` does not answer.
    pub async fn by_ids(&self, scope: Scope, ids: &[C::Id]) -> Result<Vec<C>, StoreError> {
        self.find(scope, doc! { "_id": { "$in": bson_ids(ids) } }).await
    }

    /// Finds the documents in scope that match.
    ///
    /// # Errors
    /// If `MongoDB` does not answer.
    pub async fn find(&self, scope: Scope, filter: Document) -> Result<Vec<C>, StoreError> {
        let found = all(self.raw.find(narrowed::<C>(scope, filter))).await?;
        self.reachable(scope, found).await
    }

    /// Finds a page of the documents in scope that match.
    ///
    /// # Errors
    /// If `MongoDB` does not answer.
    pub async fn page(
        &self,
        scope: Scope,
        filter: Document,
        sorted: &Sorted<C>,
        window: &Window,
    ) -> Result<Page<C>, StoreError> {
        let mut page = sorted.page(&self.raw, narrowed::<C>(scope, filter), window).await?;
        if Self::needs_parent(scope) {
            let nodes = page.items.iter().map(|item| item.node.clone()).collect();
            let reached: HashSet<C::Id> = self.reachable(scope, nodes).await?.iter().map(C::id).collect();
            page.items.retain(|item| reached.contains(&item.node.id()));
        }
        Ok(page)
    }

    /// Counts the documents in scope that match.
    ///
    /// # Errors
    /// If `MongoDB` does not answer.
    pub async fn count(&self, scope: Scope, filter: Document) -> Result<u64, StoreError> {
        in_time(self.raw.count_documents(narrowed::<C>(scope, filter))).await
    }

    /// Inserts a document. A repeated call with the same idempotency key returns the document of the first call.
    ///
    /// # Errors
    /// `Conflict` if a unique index of the collection already contains its values.
    pub async fn insert(&self, document: C) -> Result<C> {
        // Looked up first, so that a repeated call finds the document also if the unique index cannot be built.
        if let Some(existing) = self.created_before(&document).await? {
            return Ok(existing);
        }
        match self.add(&document).await {
            Ok(()) => Ok(document),
            Err(StoreError::Mongo(error)) if is_duplicate(&error) => self
                .created_before(&document)
                .await?
                .ok_or_else(|| ServiceError::conflict(format!("such a {} exists already", C::NOUN))),
            Err(error) => Err(error.into()),
        }
    }

    /// Stores a new document, once the unique indexes exist.
    ///
    /// # Errors
    /// If `MongoDB` does not answer, or if a unique index already contains its values ([`is_duplicate`]).
    pub async fn add(&self, document: &C) -> Result<(), StoreError> {
        self.unique.ensure().await?;
        in_time(self.raw.insert_one(document)).await.map(|_| ())
    }

    /// Finds the document of an earlier call with the same idempotency key.
    async fn created_before(&self, document: &C) -> Result<Option<C>, StoreError> {
        // An idempotency key is valid for its creator. Without a field with the creator, there are no keys.
        let Ownership::Field(owner) = C::OWNERSHIP else { return Ok(None) };
        let written = bson::serialize_to_document(document).map_err(|error| corrupt(&error))?;
        let Some(client_id) = written.get("clientId") else { return Ok(None) };
        let written = |field: &str| written.get(field).cloned().unwrap_or(Bson::Null);
        // `$exists` is required for the query to use the partial index.
        let same = doc! {
            "organizationId": written("organizationId"),
            owner: written(owner),
            "clientId": { "$eq": client_id, "$exists": true },
        };
        in_time(self.raw.find_one(same)).await
    }

    /// Updates fields of a document. Other fields, including those that this version does not know, are preserved.
    ///
    /// # Errors
    /// `NotFound`, also for a document that is out of scope; `Conflict` if its version is not `expected`.
    pub async fn patch(&self, scope: Scope, id: C::Id, changes: Changes, expected: Option<i32>) -> Result<C> {
        if Self::needs_parent(scope) {
            self.get(scope, id).await?;
        }
        let mut filter = narrowed::<C>(scope, doc! { "_id": id });
        if let Some(version) = expected {
            filter.insert("version", version);
        }
        let update = changes.into_update(C::VERSIONED);
        let patched =
            in_time(self.raw.find_one_and_update(filter, update).return_document(ReturnDocument::After));
        match patched.await? {
            Some(document) => Ok(document),
            // Distinguishes a missing document from a changed one.
            None => self.get(scope, id).await.and(Err(ServiceError::conflict(format!(
                "this {} was changed concurrently; read it again",
                C::NOUN
            )))),
        }
    }

    /// Updates the fields that differ between two states of a document. Fields that this version does not know are
    /// preserved.
    ///
    /// # Errors
    /// See [`Documents::patch`].
    pub async fn replace(&self, scope: Scope, before: &C, after: &C, expected: Option<i32>) -> Result<C> {
        let fields = |state: &C| bson::serialize_to_document(state).map_err(|error| corrupt(&error));
        let changes = Changes::between(&fields(before)?, fields(after)?);
        self.patch(scope, before.id(), changes, expected).await
    }

    /// Deletes a document.
    ///
    /// # Errors
    /// `NotFound`, also for a document that is out of scope and if the call is repeated.
    pub async fn delete(&self, scope: Scope, id: C::Id) -> Result<()> {
        if Self::needs_parent(scope) {
            self.get(scope, id).await?;
        }
        let deleted = in_time(self.raw.delete_one(narrowed::<C>(scope, doc! { "_id": id }))).await?;
        if deleted.deleted_count == 0 { Err(ServiceError::NotFound(C::NOUN)) } else { Ok(()) }
    }

    /// The documents of all organizations: for jobs and housekeeping that process all of them, for pipelines that
    /// start with [`Documents::within`], and for transactions. Not for unfiltered queries of users.
    #[must_use]
    pub fn across_tenants(&self) -> mongodb::Collection<C> {
        self.raw.clone()
    }

    /// Reads the first matching document in the scope, within a transaction.
    ///
    /// # Errors
    /// If `MongoDB` does not answer.
    pub async fn get_in(
        &self,
        session: &mut ClientSession,
        scope: Scope,
        filter: Document,
    ) -> mongodb::error::Result<Option<C>> {
        self.raw.find_one(narrowed::<C>(scope, filter)).session(session).await
    }

    /// Whether the scope depends on the owner of the parent document.
    fn needs_parent(scope: Scope) -> bool {
        scope.owner().is_some() && matches!(C::OWNERSHIP, Ownership::Parent { .. })
    }

    /// Stores a new document within a transaction ([`Stores::transaction`]).
    ///
    /// # Errors
    /// If a unique index has its values already, or `MongoDB` does not answer.
    pub async fn insert_in(&self, session: &mut ClientSession, document: &C) -> mongodb::error::Result<()> {
        self.raw.insert_one(document).session(session).await.map(|_| ())
    }

    /// Drops the documents whose parent is out of scope.
    async fn reachable(&self, scope: Scope, found: Vec<C>) -> Result<Vec<C>, StoreError> {
        #[derive(Deserialize)]
        struct Parent {
            #[serde(rename = "_id")]
            id: bson::Uuid,
        }
        let (Some(owner), Ownership::Parent { collection, of }) = (scope.owner(), C::OWNERSHIP) else {
            return Ok(found);
        };
        let parents: Vec<Bson> = found.iter().map(of).collect();
        let filter = doc! {
            "_id": { "$in": parents }, "organizationId": scope.organization(), "ownerId": owner,
        };
        let parents = self.db.collection::<Parent>(collection);
        let reached = all(parents.find(filter).projection(doc! { "_id": 1 })).await?;
        let reached: HashSet<bson::Uuid> = reached.into_iter().map(|parent| parent.id).collect();
        let own = |document: &C| matches!(of(document), Bson::Binary(id) if id.to_uuid().is_ok_and(|id| reached.contains(&id)));
        Ok(found.into_iter().filter(own).collect())
    }
}

pub(super) fn bson_ids<I: Copy + Into<Bson>>(ids: &[I]) -> Vec<Bson> {
    ids.iter().map(|id| (*id).into()).collect()
}

fn narrowed<C: Collection>(scope: Scope, filter: Document) -> Document {
    let mut narrowed = Documents::<C>::within(scope);
    // Conditions on the same field must all hold; a plain merge would let the filter replace the scope.
    if filter.keys().any(|key| narrowed.contains_key(key)) {
        return doc! { "$and": [narrowed, filter] };
    }
    narrowed.extend(filter);
    narrowed
}

pub(super) fn corrupt(error: &bson::error::Error) -> StoreError {
    StoreError::Corrupt(error.to_string())
}
