//! Jobs that committed transactions owe the queues. A service writes the row in its own transaction; the relay
//! moves it into BullMQ with the row's id as the job's id. A crash before the commit leaves neither row nor job;
//! after the commit, the row; between adding the job and deleting the row, both, and adding it again is nothing.

mod relay;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, EntityTrait as _, Set};
use tokio::sync::Notify;
use triptych_entities::{
    ids::{JobId, OrganizationId},
    payloads::job::Job,
    relational::outbox,
};

use crate::{connections::Stores, error::StoreError, mint::Mint, queues::Queues};

/// Writes to the outbox, and drains it.
#[derive(Clone)]
pub struct Outbox {
    stores: Stores,
    mint: Mint,
    queues: Queues,
    /// Rung after a commit, so that the relay need not wait for its next look.
    bell: Arc<Notify>,
}

impl Outbox {
    pub fn new(stores: Stores, mint: Mint, queues: Queues) -> Self {
        Self { stores, mint, queues, bell: Arc::new(Notify::new()) }
    }

    /// Owes a job, as part of the caller's transaction.
    pub async fn owe(
        &self,
        tx: &impl ConnectionTrait,
        organization: OrganizationId,
        job: &Job,
        run_at: Option<DateTime<Utc>>,
    ) -> Result<JobId, StoreError> {
        let id = self.mint.id();
        self.owe_as(tx, id, organization, job, run_at).await?;
        Ok(id)
    }

    /// As [`Outbox::owe`], under an id that the caller has already written elsewhere.
    pub async fn owe_as(
        &self,
        tx: &impl ConnectionTrait,
        id: JobId,
        organization: OrganizationId,
        job: &Job,
        run_at: Option<DateTime<Utc>>,
    ) -> Result<(), StoreError> {
        let row = outbox::ActiveModel {
            id: Set(id),
            organization_id: Set(organization),
            queue: Set(job.queue().name().to_owned()),
            name: Set(job.name().to_owned()),
            payload: Set(serde_json::to_value(job)?),
            run_at: Set(run_at),
            created_at: Set(self.mint.now()),
        };
        outbox::Entity::insert(row).exec_without_returning(tx).await?;
        Ok(())
    }

    /// To be called after the commit. The relay also looks by itself; this only saves its wait.
    pub fn wake(&self) {
        self.bell.notify_one();
    }
}
