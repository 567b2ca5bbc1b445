//! The queue workers: one BullMQ worker per queue, which dispatches its jobs, and the background tasks that
//! restore lost jobs.

mod housekeeping;
mod jobs;

use std::{sync::Arc, time::Duration};

use bullmq::{Worker, WorkerOptions};
use futures::{FutureExt as _, future::BoxFuture};
pub use housekeeping::Company;
use jobs::Jobs;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use triptych_entities::payloads::job::Queue;
use triptych_services::Services;

use crate::{
    automation::{
        flows::Runtime,
        integrations::{Registry, Tools},
        templates::Renderer,
    },
    compute::Compute,
    conversations::{generations::Generator, models::ModelRegistry},
    outbound::Outbound,
};

/// Job lock duration.
const LOCK: Duration = Duration::from_secs(15);
/// Longest blocking wait for a job, and so for the shutdown of an idle worker.
const DRAIN: Duration = Duration::from_secs(1);

/// Maximum number of concurrent jobs per queue.
#[derive(Debug, Clone, Copy)]
pub struct Concurrency {
    pub schedule: usize,
    pub trigger: usize,
    pub flow: usize,
    pub action: usize,
    pub generation: usize,
}

/// The configuration of the workers.
pub struct EngineConfig {
    pub concurrency: Concurrency,
    pub registry: Registry,
    pub renderer: Arc<Renderer>,
    pub models: ModelRegistry,
    pub company: Company,
    pub outbound: Outbound,
}

/// Why workers could not start.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error("queues: {0}")]
    Queue(#[from] bullmq::Error),
    #[error("threads for templates: {0}")]
    Threads(#[from] std::io::Error),
}

/// Running workers.
pub struct Engine {
    workers: Vec<Arc<Worker>>,
    tasks: TaskTracker,
    stop: CancellationToken,
    /// Cancelled after the workers have closed, for the tasks that they need until then.
    end: CancellationToken,
}

impl Engine {
    /// Starts a worker for each queue.
    ///
    /// # Errors
    /// If Redis does not answer.
    #[inline(never)]
    pub fn start(services: Services, config: EngineConfig) -> BoxFuture<'static, Result<Self, EngineError>> {
        // Boxed here, because the code of a future is compiled by the crate that polls it.
        Self::begin(services, config).boxed()
    }

    async fn begin(services: Services, config: EngineConfig) -> Result<Self, EngineError> {
        let EngineConfig { concurrency, registry, renderer, models, company, outbound } = config;
        let (tasks, stop, end) = (TaskTracker::new(), CancellationToken::new(), CancellationToken::new());
        let generator = Generator::start(services.generations.clone(), models, &tasks, stop.clone());
        let tools = Tools {
            datastore: services.datastore.clone(),
            outbound,
            compute: Compute::new()?,
            clock: services.clock.clone(),
        };
        let own = services.clone();
        let runtime = Runtime::start(own, registry, renderer, generator.clone(), tools, &tasks, end.clone());
        let jobs = Jobs { services: services.clone(), runtime, generator };
        let mut workers = Vec::new();
        for (queue, concurrency) in [
            (Queue::Schedule, concurrency.schedule),
            (Queue::Trigger, concurrency.trigger),
            (Queue::Flow, concurrency.flow),
            (Queue::Action, concurrency.action),
            (Queue::Generation, concurrency.generation),
        ] {
            workers.push(start_worker(&services, queue, concurrency, &jobs, &tasks, &end).await?);
        }
        housekeeping::start(&services, company, &tasks, &end);
        Ok(Self { workers, tasks, stop, end })
    }

    /// Waits for running jobs until the grace period ends. Another worker, or this one after its restart, repeats jobs
    /// that have not ended by then.
    pub async fn stop(self, grace: Duration) {
        self.stop.cancel();
        let millis = u64::try_from(grace.as_millis()).unwrap_or(u64::MAX);
        let closing = self.workers.iter().map(|worker| worker.close(millis));
        for result in futures::future::join_all(closing).await {
            if let Err(error) = result {
                tracing::warn!(%error, "a queue worker was not closed");
            }
        }
        self.end.cancel();
        self.tasks.close();
        if tokio::time::timeout(grace, self.tasks.wait()).await.is_err() {
            tracing::warn!("background tasks were still running at the end of the grace period");
        }
    }
}

async fn start_worker(
    services: &Services,
    queue: Queue,
    concurrency: usize,
    jobs: &Jobs,
    tasks: &TaskTracker,
    end: &CancellationToken,
) -> Result<Arc<Worker>, EngineError> {
    let (connection, prefix) = services.queues.worker_connection();
    let options = WorkerOptions::new()
        .connection(connection)
        .prefix(prefix)
        .concurrency(concurrency)
        .lock_duration(LOCK)
        .stalled_interval(LOCK / 2)
        // Steps and generations have retry policies of their own.
        .max_stalled_count(1_000)
        .drain_delay(DRAIN)
        .run_retry_delay(Duration::from_millis(500));
    let jobs = jobs.clone();
    let process = move |job: bullmq::Job, _cancel| {
        let jobs = jobs.clone();
        async move { jobs.run(&job).await }
    };
    let worker = Arc::new(Worker::with_options(queue.name(), process, options).await?);
    let (events, end) = (worker.clone(), end.clone());
    // Events that are not read would accumulate in memory.
    tasks.spawn(async move {
        while let Some(Some(event)) = end.run_until_cancelled(events.next_event()).await {
            if let bullmq::worker::WorkerEvent::Error(error) = event {
                tracing::warn!(error, queue = queue.name(), "a queue worker reported an error");
            }
        }
    });
    Ok(worker)
}
