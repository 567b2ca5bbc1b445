//! The queue workers: one BullMQ worker per queue, which dispatches its jobs, and the background tasks that
//! restore lost jobs.

mod fairness;
mod housekeeping;
mod jobs;
mod pruning;
mod queue_worker;

use std::{sync::Arc, time::Duration};

use fairness::Fairness;
use futures::{FutureExt as _, future::BoxFuture};
pub use housekeeping::Company;
use jobs::Jobs;
use queue_worker::QueueWorker;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use triptych_entities::payloads::job::Queue;
use triptych_services::{Services, tasks::supervise};

use crate::{
    automation::{
        flows::Runtime,
        integrations::{Registry, Tools},
        templates::Renderer,
    },
    compute::Compute,
    conversations::{generations::Generator, models::ModelRegistry},
    mail::{MailConfig, MailError, Mailer},
    outbound::Outbound,
};

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
    /// Part of the slots of a queue that one organization may hold while others wait.
    pub share: f64,
    pub registry: Registry,
    pub renderer: Arc<Renderer>,
    pub models: ModelRegistry,
    pub company: Company,
    pub outbound: Outbound,
    /// Absent if no mail is sent.
    pub mail: Option<MailConfig>,
}

/// Why workers could not start.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error("queues: {0}")]
    Queue(#[from] bullmq::Error),
    #[error("threads for templates: {0}")]
    Threads(#[from] std::io::Error),
    #[error(transparent)]
    Mail(#[from] MailError),
}

/// Running workers.
pub struct Engine {
    workers: Arc<[QueueWorker]>,
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
        let EngineConfig { concurrency, share, registry, renderer, models, company, outbound, mail } = config;
        let (tasks, stop, end) = (TaskTracker::new(), CancellationToken::new(), CancellationToken::new());
        let generator = Generator::start(services.generations.clone(), models, &tasks, stop.clone());
        let tools = Tools {
            datastore: services.datastore.clone(),
            outbound,
            compute: Compute::new(share)?,
            clock: services.clock.clone(),
        };
        let own = services.clone();
        let runtime = Runtime::start(own, registry, renderer, generator.clone(), tools, &tasks, end.clone());
        let jobs = Jobs { services: services.clone(), runtime, generator };
        let (mut workers, mut fair) = (Vec::new(), Vec::new());
        for (queue, concurrency) in [
            (Queue::Schedule, concurrency.schedule),
            (Queue::Trigger, concurrency.trigger),
            (Queue::Flow, concurrency.flow),
            (Queue::Action, concurrency.action),
            (Queue::Generation, concurrency.generation),
        ] {
            let fairness = Arc::new(Fairness::new(queue, services.queues.clone(), concurrency, share));
            fair.push(fairness.clone());
            workers
                .push(QueueWorker::start(queue, fairness, jobs.clone(), tasks.clone(), end.clone()).await?);
        }
        let workers: Arc<[QueueWorker]> = workers.into();
        let (queues, watched, watching) = (services.queues.clone(), workers.clone(), end.clone());
        tasks.spawn(async move {
            let watched = supervise("queue workers", || queue_worker::watch(&queues, &watched));
            watching.run_until_cancelled(watched).await;
        });
        let (queues, filling) = (services.queues.clone(), end.clone());
        tasks.spawn(async move {
            let filled = supervise("fairness", || fairness::fill_free_slots(&queues, &fair));
            filling.run_until_cancelled(filled).await;
        });
        if let Some(mail) = mail {
            let (mailer, stopped) = (Mailer::new(services.mails.clone(), mail)?, end.clone());
            tasks.spawn(async move {
                let sending = supervise("mails", || mailer.run());
                stopped.run_until_cancelled(sending).await;
            });
        }
        housekeeping::start(&services, company, &tasks, &end);
        let (pruned, stopped) = (services.clone(), end.clone());
        tasks.spawn(async move { stopped.run_until_cancelled(pruning::prune(&pruned)).await });
        Ok(Self { workers, tasks, stop, end })
    }

    /// Waits for running jobs until the grace period ends. Another worker, or this one after its restart, repeats jobs
    /// that have not ended by then.
    pub async fn stop(self, grace: Duration) {
        self.stop.cancel();
        let closing = self.workers.iter().map(|worker| worker.close(grace));
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
