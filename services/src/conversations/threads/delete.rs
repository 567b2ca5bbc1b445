//! Deletes threads.

use mongodb::bson::{Bson, doc};
use serde::Deserialize;
use triptych_entities::{
    documents::conversations::{message::Message, thread::Thread},
    ids::{GenerationId, MessageId, OrganizationId, ThreadId, UserId},
    relational::deletion,
};
use triptych_stores::{
    access::{Action, Actor, Subject},
    collections::{all, in_time},
    error::{Result, StoreError},
};

use super::Threads;
use crate::deletions::Request;

/// Messages that are removed before the deletion is answered, so that most threads are gone by then.
const AT_ONCE: u64 = 200;

/// What the removal of a message needs to know.
#[derive(Deserialize)]
struct Removed {
    #[serde(rename = "_id")]
    id: MessageId,
    #[serde(rename = "generationId", default)]
    generation: Option<GenerationId>,
}

impl Threads {
    /// Deletes a thread. It is gone at once, and with it the access to its messages. A response in progress is cancelled, and
    /// what is left is removed in the background.
    ///
    /// # Errors
    /// `NotFound`, also for the thread of another user and when it is repeated. After another error, the thread may be
    /// deleted nevertheless.
    #[tracing::instrument(skip_all, fields(thread.id = %id))]
    pub async fn delete(&self, actor: &Actor, id: ThreadId) -> Result<deletion::Model> {
        let scope = actor.scope(Action::Delete, Subject::Thread)?;
        let thread = self.documents().get(scope, id).await?;
        let tx = self.stores.pg.begin().await?;
        let deletion =
            self.deletions.request(&tx, Request::by(actor, deletion::Subject::Thread, id.0)).await?;
        tx.commit().await?;
        self.remove_root(thread.organization_id, id).await?;
        if let Err(error) = self.begin_removal(&deletion, id).await {
            tracing::warn!(%error, thread.id = %id, "a deleted thread is removed later");
        }
        self.deletions.wake();
        Ok(deletion)
    }

    async fn begin_removal(&self, deletion: &deletion::Model, thread: ThreadId) -> Result<(), StoreError> {
        let organization = deletion.organization_id;
        let total = self.count_messages(organization, thread).await?;
        if self.generations.stop_of_thread(thread).await? {
            let removed = self.remove_messages(organization, thread, AT_ONCE).await?;
            self.deletions.record(deletion.id, total, removed).await?;
        }
        Ok(())
    }

    /// Removes the document of the thread, without which messages are not found. A message that is sent meanwhile is
    /// refused, as its transaction writes the same document.
    pub(crate) async fn remove_root(
        &self,
        organization: OrganizationId,
        id: ThreadId,
    ) -> Result<(), StoreError> {
        let root = doc! { "_id": id, "organizationId": organization };
        in_time(self.stores.documents::<Thread>().across_tenants().delete_one(root)).await?;
        Ok(())
    }

    pub(crate) async fn count_messages(
        &self,
        organization: OrganizationId,
        thread: ThreadId,
    ) -> Result<u64, StoreError> {
        let filter = doc! { "organizationId": organization, "threadId": thread };
        in_time(self.messages().across_tenants().count_documents(filter)).await
    }

    /// Some of the threads of a user, in all organizations.
    pub(crate) async fn of_owner(
        &self,
        owner: UserId,
        limit: u64,
    ) -> Result<Vec<(OrganizationId, ThreadId)>, StoreError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Found {
            #[serde(rename = "_id")]
            id: ThreadId,
            organization_id: OrganizationId,
        }
        let threads = self.stores.documents::<Thread>().across_tenants().clone_with_type::<Found>();
        let found = threads
            .find(doc! { "ownerId": owner })
            .projection(doc! { "organizationId": 1 })
            .limit(i64::try_from(limit).unwrap_or(i64::MAX));
        Ok(all(found).await?.into_iter().map(|found| (found.organization_id, found.id)).collect())
    }

    /// The number of threads of a user, in all organizations.
    pub(crate) async fn count_of_owner(&self, owner: UserId) -> Result<u64, StoreError> {
        let threads = self.stores.documents::<Thread>().across_tenants();
        in_time(threads.count_documents(doc! { "ownerId": owner })).await
    }

    /// Removes some of the messages of a thread, with their generations and streams. Returns their number.
    pub(crate) async fn remove_messages(
        &self,
        organization: OrganizationId,
        thread: ThreadId,
        limit: u64,
    ) -> Result<u64, StoreError> {
        let messages = self.stores.documents::<Message>().across_tenants();
        let typed = messages.clone_with_type::<Removed>();
        let found = typed
            .find(doc! { "organizationId": organization, "threadId": thread })
            .projection(doc! { "generationId": 1 })
            .limit(i64::try_from(limit).unwrap_or(i64::MAX));
        let found: Vec<Removed> = all(found).await?;
        let generations: Vec<GenerationId> = found.iter().filter_map(|message| message.generation).collect();
        // First what only the messages lead to.
        self.generations.remove(organization, &generations).await?;
        let ids: Vec<Bson> = found.iter().map(|message| message.id.into()).collect();
        let filter = doc! { "_id": { "$in": ids }, "organizationId": organization };
        Ok(in_time(messages.delete_many(filter)).await?.deleted_count)
    }
}
