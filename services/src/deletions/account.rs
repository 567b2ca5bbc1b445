//! Removes what belonged to a deleted account: its sessions, its threads and other private documents, its traces in the
//! audit log, and the user. Flows and credentials stay with their organizations, which get another owner for them.

use mongodb::bson::doc;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DbBackend, EntityTrait as _, PaginatorTrait as _,
    QueryFilter as _, Statement,
};
use triptych_entities::{
    documents::COLLECTIONS,
    ids::UserId,
    relational::{deletion, identity::user},
};
use triptych_stores::{access::Scoped as _, error::Result, postgres::Transaction};

use super::{Remover, Request, remover::Pace};
use crate::identity::hand_over;

impl Remover {
    /// Removes a batch. Repeating it after a crash continues.
    pub(super) async fn remove_account(&self, deletion: &deletion::Model, batch: u64) -> Result<Pace> {
        let user = UserId(deletion.subject_id);
        if deletion.total.is_none() {
            self.sessions.end_all(user).await?;
            self.count(deletion.id, self.size_of_account(user).await?).await?;
            return Ok(Pace::Working);
        }
        let removed = match self.remove_threads_of(user, batch).await? {
            0 => self.remove_documents_of(user, batch).await?,
            threads => threads,
        };
        if removed > 0 {
            self.progress(&self.stores.pg, deletion.id, removed).await?;
            return Ok(Pace::Working);
        }
        if self.forget_in_audit_log(user, batch).await? > 0 {
            return Ok(Pace::Working);
        }
        // Only a request that was authenticated before can have written what is found after this time.
        if self.pauses_until_settled(deletion).await? {
            return Ok(Pace::Waiting);
        }
        if self.waits_for_others(deletion, user).await? {
            return self.postpone(deletion.id).await;
        }
        let Some(tx) = self.begin(deletion.id).await? else { return Ok(Pace::Waiting) };
        self.reassign(&tx, user).await?;
        let gone =
            "DELETE FROM users u WHERE id = $1 AND NOT EXISTS (SELECT FROM flows WHERE owner_id = u.id)
                    AND NOT EXISTS (SELECT FROM credentials WHERE owner_id = u.id)";
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, gone, [user.into()]);
        let removed = tx.execute_raw(statement).await?.rows_affected() > 0;
        if !removed && user::Entity::find_by_id(user).one(&tx).await?.is_some() {
            // What they own belongs to an organization that is being removed, too.
            tx.commit().await?;
            return self.postpone(deletion.id).await;
        }
        self.finish(&tx, deletion.id).await?;
        tx.commit().await?;
        tracing::info!(deletion.id = %deletion.id, user.id = %user, "a deleted account was removed");
        Ok(Pace::Working)
    }

    /// The number of threads and other private documents.
    async fn size_of_account(&self, user: UserId) -> Result<u64> {
        let mut total = self.threads.count_of_owner(user).await?;
        for collection in COLLECTIONS {
            if let Some(owner) = collection.removed_with_owner {
                total += self.stores.count_across_tenants(collection, doc! { owner: user }).await?;
            }
        }
        Ok(total)
    }

    /// Deletes some of the threads, each with a deletion of its own. Returns their number.
    async fn remove_threads_of(&self, user: UserId, batch: u64) -> Result<u64> {
        let threads = self.threads.of_owner(user, batch).await?;
        if threads.is_empty() {
            return Ok(0);
        }
        let tx = self.stores.pg.begin().await?;
        let requests = threads.iter().map(|(organization, thread)| Request {
            organization: *organization,
            requested_by: Some(user),
            subject: deletion::Subject::Thread,
            id: thread.0,
            receipt: None,
        });
        self.deletions.request_all(&tx, requests).await?;
        tx.commit().await?;
        for (organization, thread) in &threads {
            self.threads.remove_root(*organization, *thread).await?;
        }
        Ok(threads.len().try_into().unwrap_or(u64::MAX))
    }

    /// Whether something else that the user deleted, or that was deleted with the account, is being removed.
    async fn waits_for_others(&self, deletion: &deletion::Model, user: UserId) -> Result<bool> {
        let unfinished = deletion::Entity::across_tenants()
            .filter(deletion::Column::RequestedBy.eq(user))
            .filter(deletion::Column::Id.ne(deletion.id))
            .filter(deletion::Column::FinishedAt.is_null());
        Ok(unfinished.count(&self.stores.pg).await? > 0)
    }

    async fn remove_documents_of(&self, user: UserId, batch: u64) -> Result<u64> {
        for collection in COLLECTIONS {
            let Some(owner) = collection.removed_with_owner else { continue };
            let removed = self.stores.remove_across_tenants(collection, doc! { owner: user }, batch).await?;
            if removed > 0 {
                return Ok(removed);
            }
        }
        Ok(0)
    }

    /// Removes the user from some of the records of what they did. Returns the number of records.
    async fn forget_in_audit_log(&self, user: UserId, batch: u64) -> Result<u64> {
        let sql = "UPDATE audit_events SET user_id = NULL, address = NULL, user_agent = NULL
                   WHERE id IN (SELECT id FROM audit_events WHERE user_id = $1 LIMIT $2)";
        let limit = i64::try_from(batch).unwrap_or(i64::MAX);
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [user.into(), limit.into()]);
        Ok(self.stores.pg.execute_raw(statement).await?.rows_affected())
    }

    /// Gives flows and credentials that were created while the account was being deleted to owners of their organizations.
    async fn reassign(&self, tx: &Transaction, user: UserId) -> Result<()> {
        let owned = "SELECT organization_id FROM flows WHERE owner_id = $1
                     UNION SELECT organization_id FROM credentials WHERE owner_id = $1";
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, owned, [user.into()]);
        for row in tx.query_all_raw(statement).await? {
            hand_over(tx, row.try_get_by_index(0)?, user).await?;
        }
        Ok(())
    }
}
