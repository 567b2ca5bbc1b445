//! Fairness between organizations: one organization holds no more than its share of the slots of a queue while others
//! wait.
//!
//! Each process limits its own slots (`slots.rs`), so the share holds for all processes together, costs a look into a map,
//! and needs nothing that could be lost. A job that has to wait is parked; a slot that becomes free takes the oldest
//! parked job.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;
use triptych_entities::{ids::OrganizationId, payloads::job::Queue};
use triptych_services::{
    clock::Clock,
    error::StoreError,
    queues::{PARKING_TIME, Queues},
};

use crate::slots::{Gate, Slot};

/// Interval at which free slots look for parked jobs of other processes.
pub(super) const INTERVAL: Duration = Duration::from_secs(1);

/// The slots of one queue in this process.
pub(super) struct Fairness {
    queue: Queue,
    queues: Queues,
    gate: Arc<Gate>,
    /// Organizations of which this process has parked jobs, and when. Newer jobs wait behind them.
    parked: Mutex<HashMap<OrganizationId, Instant>>,
}

impl Fairness {
    /// `share` is the part of the slots that one organization may hold while others wait.
    pub(super) fn new(queue: Queue, queues: Queues, slots: usize, share: f64) -> Self {
        Self { queue, queues, gate: Arc::new(Gate::new(slots, share)), parked: Mutex::default() }
    }

    /// The number of jobs that run at a time at most: an organization that has no job running finds a slot while another
    /// one holds all of them.
    pub(super) fn capacity(&self) -> usize {
        self.gate.capacity()
    }

    /// Whether no further job can be run.
    pub(super) fn is_full(&self) -> bool {
        self.gate.is_full()
    }

    /// Takes a slot for a job, or parks the job.
    ///
    /// # Errors
    /// If Redis does not answer, and the result that BullMQ expects for a job that is delayed.
    pub(super) async fn enter(
        &self,
        organization: OrganizationId,
        job: &bullmq::Job,
    ) -> Result<Slot, bullmq::Error> {
        let waits_behind = job.attempts_started() <= 1 && self.has_parked(organization);
        if !waits_behind && let Some(slot) = self.gate.enter(organization) {
            return Ok(slot);
        }
        // BullMQ uses the clock of this machine.
        let back = (Clock::system().now() + PARKING_TIME).timestamp_millis();
        job.move_to_delayed(u64::try_from(back).unwrap_or_default()).await?;
        self.set_parked(organization, true);
        let parked = self.queues.park(self.queue, organization, job.id()).await;
        // A slot may have become free meanwhile.
        let released = match parked {
            Ok(()) => self.release(Some(organization)).await,
            Err(error) => Err(error),
        };
        if let Err(error) = released {
            tracing::warn!(%error, job.id = job.id(), "a job that waits for a slot comes back later");
        }
        Err(bullmq::Error::Delayed)
    }

    /// Gives a slot back, and lets a parked job have it.
    pub(super) async fn leave(&self, slot: Slot) {
        let organization = slot.organization();
        drop(slot);
        if self.parks_any()
            && let Err(error) = self.release(Some(organization)).await
        {
            tracing::warn!(%error, queue = self.queue.name(), "no parked job was released");
        }
    }

    /// Releases as many parked jobs as there are free slots.
    pub(super) async fn fill(&self) -> Result<(), StoreError> {
        for _ in 0..self.gate.free() {
            if !self.release_one(None).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Releases a job of any organization if a slot is free, or one of this organization if it is below its share.
    async fn release(&self, organization: Option<OrganizationId>) -> Result<(), StoreError> {
        if self.gate.free() > 0 {
            self.release_one(None).await?;
        } else if organization.is_some_and(|organization| self.gate.is_below_share(organization)) {
            self.release_one(organization).await?;
        }
        Ok(())
    }

    async fn release_one(&self, organization: Option<OrganizationId>) -> Result<bool, StoreError> {
        let released = self.queues.release(self.queue, organization).await?;
        match (&released, organization) {
            (Some(released), _) => self.set_parked(released.organization, released.more),
            (None, Some(organization)) => self.set_parked(organization, false),
            (None, None) => self.parked().clear(),
        }
        Ok(released.is_some())
    }

    fn parked(&self) -> std::sync::MutexGuard<'_, HashMap<OrganizationId, Instant>> {
        self.parked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_parked(&self, organization: OrganizationId) -> bool {
        self.parked().get(&organization).is_some_and(|since| since.elapsed() < PARKING_TIME)
    }

    fn set_parked(&self, organization: OrganizationId, has: bool) {
        let mut parked = self.parked();
        if has {
            parked.insert(organization, Instant::now());
        } else {
            parked.remove(&organization);
        }
    }

    fn parks_any(&self) -> bool {
        let mut parked = self.parked();
        parked.retain(|_, since| since.elapsed() < PARKING_TIME);
        !parked.is_empty()
    }
}

/// Lets free slots take parked jobs, also those that other processes have parked.
pub(super) async fn fill_free_slots(queues: &Queues, all: &[Arc<Fairness>]) {
    loop {
        tokio::time::sleep(INTERVAL).await;
        let filled = async {
            let parked = queues.have_parked().await?;
            for fairness in all.iter().filter(|fairness| parked.get(fairness.queue.index()) == Some(&true)) {
                fairness.fill().await?;
            }
            Ok::<_, StoreError>(())
        };
        if let Err(error) = filled.await {
            tracing::warn!(%error, "parked jobs were not released, retrying");
        }
    }
}
