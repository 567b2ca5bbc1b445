//! The transactional outbox: jobs of committed transactions that are not in a queue yet. A service inserts the row in
//! its own transaction; the relay adds the job to BullMQ, with the id of the row as the id of the job, and deletes the
//! row. A crash before the commit leaves neither. A crash between adding and deleting leaves both, and the relay adds the
//! job again, which has no effect.

mod relay;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, EntityTrait as _, Set};
use tokio::sync::Notify;
use triptych_entities::{
    ids::{JobId, OrganizationId},
    payloads::job::{Job, ORGANIZATION},
    relational::outbox,
};

use crate::{clock::Clock, connections::Stores, error::StoreError, queues::Queues, tasks::Turns};

/// Inserts into the outbox, and drains it.
#[derive(Clone)]
pub struct Outbox {
    stores: Stores,
    clock: Clock,
    queues: Queues,
    /// Wakes the relay after a commit, before its next poll.
    wake: Arc<Notify>,
    turns: Turns,
}

impl Outbox {
    pub fn new(stores: Stores, clock: Clock, queues: Queues, turns: Turns) -> Self {
        Self { stores, clock, queues, wake: Arc::new(Notify::new()), turns }
    }

    /// Inserts a job in the transaction of the caller. The job runs no earlier than `run_at`.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub async fn insert(
        &self,
        tx: &impl ConnectionTrait,
        organization: OrganizationId,
        job: &Job,
        run_at: Option<DateTime<Utc>>,
    ) -> Result<JobId, StoreError> {
        let id = self.clock.new_id();
        self.insert_as(tx, id, organization, job, run_at).await?;
        Ok(id)
    }

    /// Inserts a job as [`Outbox::insert`] does, with an id that the caller has already stored elsewhere.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub async fn insert_as(
        &self,
        tx: &impl ConnectionTrait,
        id: JobId,
        organization: OrganizationId,
        job: &Job,
        run_at: Option<DateTime<Utc>>,
    ) -> Result<(), StoreError> {
        let mut payload = serde_json::to_value(job)?;
        payload[ORGANIZATION] = serde_json::to_value(organization)?;
        let row = outbox::ActiveModel {
            id: Set(id),
            organization_id: Set(organization),
            queue: Set(job.queue().name().to_owned()),
            name: Set(job.name().to_owned()),
            payload: Set(payload),
            run_at: Set(run_at),
            created_at: Set(self.clock.now()),
        };
        outbox::Entity::insert(row).exec_without_returning(tx).await?;
        Ok(())
    }

    /// Wakes the relay; to be called after the commit. The relay also polls, so this only shortens the delay.
    pub fn wake(&self) {
        self.wake.notify_one();
    }
}
