//! Deletions of objects with more belongings than one transaction should remove. The transaction that deletes such an
//! object marks it, which hides it with all that belongs to it, and inserts a row of `deletions`. A background task then
//! removes the rest in batches ([`Remover`]). Its state is in PostgreSQL, so that any process continues after a crash.
//!
//! A kind of object has a file here, which removes a batch at a time, and a variant of `deletion::Subject`.

mod account;
mod flow;
mod organization;
mod receipt;
mod remover;
mod thread;

use std::sync::Arc;

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, Set, sea_query::OnConflict};
use tokio::sync::Notify;
use triptych_entities::{
    ids::{DeletionId, OrganizationId, UserId},
    relational::deletion::{ActiveModel, Column, Entity, Model, Subject},
};
use triptych_stores::{
    access::{Actor, Scope, Scoped as _},
    clock::Clock,
    connections::Stores,
    error::{Result, StoreError},
    fetch::Fetch as _,
    ids::IdColumn as _,
    page::{Page, PageArgs, rows::Sorted},
    postgres::Transaction,
};
use uuid::Uuid;

pub use remover::Remover;

/// Requests deletions, and finds them.
#[derive(Clone)]
pub struct Deletions {
    stores: Stores,
    clock: Clock,
    /// Wakes the task of this process after a commit, before its next poll.
    wake: Arc<Notify>,
}

/// An object to delete.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) organization: OrganizationId,
    pub(crate) requested_by: Option<UserId>,
    pub(crate) subject: Subject,
    pub(crate) id: Uuid,
    /// With which anybody can follow the deletion.
    pub(crate) receipt: Option<&'a str>,
}

impl Request<'_> {
    /// An object that the caller deletes, and whose deletion only they follow.
    pub(crate) fn by(actor: &Actor, subject: Subject, id: Uuid) -> Self {
        Self { organization: actor.organization, requested_by: Some(actor.user), subject, id, receipt: None }
    }
}

impl Deletions {
    pub(crate) fn new(stores: Stores, clock: Clock) -> Self {
        Self { stores, clock, wake: Arc::default() }
    }

    /// Inserts a deletion in the transaction that marks the object, or returns that of an earlier call. Call
    /// [`Deletions::wake`] after the commit.
    pub(crate) async fn request(&self, tx: &Transaction, request: Request<'_>) -> Result<Model, StoreError> {
        let Request { organization, subject, id, .. } = request;
        self.request_all(tx, [request]).await?;
        let found = Entity::within(Scope::whole(organization))
            .filter(Column::Subject.eq(subject))
            .filter(Column::SubjectId.eq(id));
        found.fetch(tx).await?.pop().ok_or_else(|| StoreError::Corrupt(format!("deletion of {id}")))
    }

    /// The same for several objects.
    async fn request_all(
        &self,
        tx: &Transaction,
        requests: impl IntoIterator<Item = Request<'_>>,
    ) -> Result<(), StoreError> {
        let rows = requests.into_iter().map(|request| ActiveModel {
            id: Set(self.clock.new_id()),
            organization_id: Set(request.organization),
            requested_by: Set(request.requested_by),
            subject: Set(request.subject),
            subject_id: Set(request.id),
            total: Set(None),
            removed: Set(0),
            created_at: Set(self.clock.now()),
            finished_at: Set(None),
            receipt_hash: Set(request.receipt.map(receipt::hash_of)),
            resume_at: Set(None),
        });
        let inserted = Entity::insert_many(rows)
            .on_conflict(OnConflict::columns([Column::Subject, Column::SubjectId]).do_nothing().to_owned())
            .exec_without_returning(tx)
            .await?;
        tracing::debug!(inserted, "deletions were requested");
        Ok(())
    }

    /// Stores what was removed before the task has begun.
    pub(crate) async fn record(&self, id: DeletionId, total: u64, removed: u64) -> Result<(), StoreError> {
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let row = ActiveModel {
            id: Set(id),
            total: Set(Some(number(total))),
            removed: Set(number(removed)),
            ..Default::default()
        };
        Entity::update(row).exec_without_returning(&self.stores.pg).await?;
        Ok(())
    }

    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Those of these deletions that the caller requested.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub async fn by_ids(&self, actor: &Actor, ids: &[DeletionId]) -> Result<Vec<Model>> {
        let own = Scope::own(actor.organization, actor.user);
        Ok(Entity::within(own).filter(Column::Id.any_of(ids)).fetch(&self.stores.pg).await?)
    }

    /// The deletions that the caller requested, newest first.
    ///
    /// # Errors
    /// `Invalid` for wrong page arguments, or if PostgreSQL does not answer.
    pub async fn list(
        &self,
        actor: &Actor,
        unfinished: Option<bool>,
        args: &PageArgs,
    ) -> Result<Page<Model>> {
        let mut query = Entity::within(Scope::own(actor.organization, actor.user));
        if let Some(unfinished) = unfinished {
            let finished = Column::FinishedAt;
            query = query.filter(if unfinished { finished.is_null() } else { finished.is_not_null() });
        }
        let sorted = Sorted::newest("deletions", Column::Id, |row: &Model| row.id.into());
        Ok(sorted.page(&self.stores.pg, query, &sorted.window(args)?).await?)
    }
}
