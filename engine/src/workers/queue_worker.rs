//! The BullMQ worker of one queue. A worker whose connection does not answer is replaced: BullMQ waits for jobs without a
//! time limit on its side, so it does not notice that the other machine is gone.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bullmq::{Worker, WorkerOptions};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use triptych_entities::payloads::job::Queue;
use triptych_services::{error::StoreError, queues::Queues};

use super::{fairness::Fairness, jobs::Jobs};

/// Job lock duration.
const LOCK: Duration = Duration::from_secs(15);
/// Longest blocking wait for a job, and so for the shutdown of an idle worker.
const DRAIN: Duration = Duration::from_secs(1);
/// Interval at which workers are watched.
const WATCH_INTERVAL: Duration = Duration::from_secs(5);
/// Looks in a row at which a worker with a free slot has begun nothing while jobs were ready.
const MOST_LOOKS: u32 = 2;
/// Time that the jobs of a worker that was replaced have to end.
const REPLACED_GRACE: Duration = Duration::from_mins(20);

/// The worker of a queue.
pub(super) struct QueueWorker {
    queue: Queue,
    fairness: Arc<Fairness>,
    jobs: Jobs,
    tasks: TaskTracker,
    end: CancellationToken,
    /// The number of jobs that were begun.
    begun: Arc<AtomicU64>,
    current: Mutex<Arc<Worker>>,
}

impl QueueWorker {
    /// Starts the worker. Its tasks end with `end`.
    pub(super) async fn start(
        queue: Queue,
        fairness: Arc<Fairness>,
        jobs: Jobs,
        tasks: TaskTracker,
        end: CancellationToken,
    ) -> Result<Self, bullmq::Error> {
        let begun = Arc::<AtomicU64>::default();
        let worker = open(queue, &fairness, &jobs, &begun).await?;
        let started = Self { queue, fairness, jobs, tasks, end, begun, current: Mutex::new(worker.clone()) };
        started.read_events(worker);
        Ok(started)
    }

    /// Accepts no more jobs, and waits for those that run, for this time at most.
    pub(super) async fn close(&self, grace: Duration) -> Result<(), bullmq::Error> {
        let worker = self.current().clone();
        worker.close(millis(grace)).await
    }

    fn current(&self) -> std::sync::MutexGuard<'_, Arc<Worker>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts another worker. The jobs of the old one end as usual.
    async fn replace(&self) -> Result<(), bullmq::Error> {
        let worker = open(self.queue, &self.fairness, &self.jobs, &self.begun).await?;
        self.read_events(worker.clone());
        let old = std::mem::replace(&mut *self.current(), worker);
        let end = self.end.clone();
        self.tasks.spawn(async move {
            if let Some(Err(error)) = end.run_until_cancelled(old.close(millis(REPLACED_GRACE))).await {
                tracing::warn!(%error, "a queue worker that was replaced was not closed");
            }
        });
        Ok(())
    }

    /// Logs the errors of a worker. Events that are not read would accumulate in memory.
    fn read_events(&self, worker: Arc<Worker>) {
        let (queue, end) = (self.queue, self.end.clone());
        self.tasks.spawn(async move {
            while let Some(Some(event)) = end.run_until_cancelled(worker.next_event()).await {
                match event {
                    bullmq::worker::WorkerEvent::Error(error) => {
                        tracing::warn!(error, queue = queue.name(), "a queue worker reported an error");
                    }
                    bullmq::worker::WorkerEvent::Closed => return,
                    _ => {}
                }
            }
        });
    }
}

async fn open(
    queue: Queue,
    fairness: &Arc<Fairness>,
    jobs: &Jobs,
    begun: &Arc<AtomicU64>,
) -> Result<Arc<Worker>, bullmq::Error> {
    let (connection, prefix) = jobs.services.queues.worker_connection();
    let options = WorkerOptions::new()
        .connection(connection)
        .prefix(prefix)
        .concurrency(fairness.capacity())
        .lock_duration(LOCK)
        .stalled_interval(LOCK / 2)
        // Steps and generations have retry policies of their own.
        .max_stalled_count(1_000)
        .drain_delay(DRAIN)
        .run_retry_delay(Duration::from_millis(500));
    let (jobs, fairness, begun) = (jobs.clone(), fairness.clone(), begun.clone());
    let process = move |job: bullmq::Job, _cancel| {
        begun.fetch_add(1, Ordering::Relaxed);
        let (jobs, fairness) = (jobs.clone(), fairness.clone());
        async move { jobs.run_in_slot(&job, &fairness).await }
    };
    Ok(Arc::new(Worker::with_options(queue.name(), process, options).await?))
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Replaces workers that do not take the jobs that are ready.
pub(super) async fn watch(queues: &Queues, workers: &[QueueWorker]) {
    let mut looks = vec![(0, 0); workers.len()];
    loop {
        tokio::time::sleep(WATCH_INTERVAL).await;
        if let Err(error) = look(queues, workers, &mut looks).await {
            tracing::warn!(%error, "the queue workers were not watched");
        }
    }
}

/// For each worker, `looks` has the jobs that it had begun, and how often it has begun no other since.
async fn look(queues: &Queues, workers: &[QueueWorker], looks: &mut [(u64, u32)]) -> Result<(), StoreError> {
    let ready = queues.ready().await?;
    for (worker, (last, count)) in workers.iter().zip(looks) {
        let begun = worker.begun.load(Ordering::Relaxed);
        let has_work = ready.get(worker.queue.index()).is_some_and(|ready| *ready > 0);
        if begun != *last || !has_work || worker.fairness.is_full() {
            (*last, *count) = (begun, 0);
            continue;
        }
        *count += 1;
        if *count >= MOST_LOOKS {
            tracing::warn!(queue = worker.queue.name(), "a queue worker does not take jobs, replacing it");
            worker.replace().await?;
            *count = 0;
        }
    }
    Ok(())
}
