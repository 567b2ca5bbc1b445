//! The producer side of the BullMQ queues. Their content can be lost: the outbox, the reconciler and the schedules in
//! PostgreSQL restore it.

mod parked;
mod presence;
mod schedulers;

pub use parked::{PARKING_TIME, Released};
pub use presence::Missing;

use std::{sync::Arc, time::Duration};

use bullmq::{BulkJob, JobOptions, QueueOptions, options::RedisConnectionOptions};
use secrecy::{ExposeSecret as _, SecretString};
use triptych_entities::payloads::job::Queue;

use crate::{connections::Stores, error::StoreError};

/// Finished jobs that a queue keeps, for inspection and to recognise a job that is added twice.
const KEEP_COMPLETED: usize = 1_000;
const KEEP_FAILED: usize = 10_000;

/// Handles of the queues.
#[derive(Clone)]
pub struct Queues {
    /// In the order of [`Queue::ALL`].
    all: Arc<[bullmq::Queue]>,
    stores: Stores,
    bull_prefix: Arc<str>,
    connection: RedisConnectionOptions,
}

/// A job to add to a queue.
#[derive(Debug, Clone)]
pub struct Addition {
    pub queue: Queue,
    pub name: String,
    pub id: String,
    pub payload: serde_json::Value,
    pub delay: Option<Duration>,
}

/// Number of jobs of a queue by state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub waiting: u64,
    pub active: u64,
    pub delayed: u64,
    pub prioritized: u64,
    pub failed: u64,
    pub completed: u64,
}

impl Queues {
    /// Connects to the queues.
    ///
    /// # Errors
    /// If Redis does not answer.
    pub async fn connect(url: &SecretString, stores: Stores) -> Result<Self, StoreError> {
        // A hash tag: all keys of a queue are on one node of a Redis Cluster.
        let bull_prefix: Arc<str> = format!("{{{}}}", stores.prefix).into();
        let connection = RedisConnectionOptions::new().url(url.expose_secret());
        let open = async |queue: Queue| {
            let options = QueueOptions::new().connection(connection.clone()).prefix(&*bull_prefix);
            bullmq::Queue::with_options(queue.name(), options).await
        };
        let mut all = Vec::new();
        for queue in Queue::ALL {
            all.push(open(queue).await?);
        }
        Ok(Self { all: all.into(), stores, bull_prefix, connection })
    }

    /// Connection options and key prefix for a worker of the same queues.
    #[must_use]
    pub fn worker_connection(&self) -> (RedisConnectionOptions, &str) {
        (self.connection.clone(), &self.bull_prefix)
    }

    fn queue(&self, queue: Queue) -> &bullmq::Queue {
        &self.all[queue.index()]
    }

    /// Adds jobs. Adding the same id again has no effect.
    ///
    /// # Errors
    /// If Redis does not answer; some of the jobs may have been added.
    pub async fn add(&self, additions: Vec<Addition>) -> Result<(), StoreError> {
        let mut by_queue: [Vec<BulkJob>; Queue::ALL.len()] = Default::default();
        for addition in additions {
            let options = JobOptions {
                job_id: Some(addition.id),
                delay: addition.delay.map(|delay| u64::try_from(delay.as_millis()).unwrap_or(u64::MAX)),
                ..Self::job_options()
            };
            by_queue[addition.queue.index()].push(BulkJob::with_options(
                addition.name,
                addition.payload,
                options,
            ));
        }
        for (queue, jobs) in Queue::ALL.into_iter().zip(by_queue) {
            self.queue(queue).add_bulk(jobs).await?;
        }
        Ok(())
    }

    fn job_options() -> JobOptions {
        use bullmq::types::RemoveOnFinish;
        JobOptions {
            // These retries are for unavailable databases only; a step has its own retry policy.
            attempts: Some(10),
            backoff: Some(bullmq::types::BackoffStrategy::Exponential(500)),
            remove_on_complete: Some(RemoveOnFinish::Count(KEEP_COMPLETED)),
            remove_on_fail: Some(RemoveOnFinish::Count(KEEP_FAILED)),
            ..JobOptions::default()
        }
    }

    /// Counts the jobs of a queue.
    ///
    /// # Errors
    /// If Redis does not answer.
    pub async fn counts(&self, queue: Queue) -> Result<Counts, StoreError> {
        let counts = self.queue(queue).get_job_counts().await?;
        Ok(Counts {
            waiting: counts.waiting,
            active: counts.active,
            delayed: counts.delayed,
            prioritized: counts.prioritized,
            failed: counts.failed,
            completed: counts.completed,
        })
    }
}
