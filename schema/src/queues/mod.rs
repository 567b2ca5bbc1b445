//! The state of the job queues.

use async_graphql::{Context, Object, SimpleObject};
use triptych_entities::payloads::job;
use triptych_services::access::{Action, Subject};

use crate::{context::ContextExt as _, errors::Result, output::Items};

/// A queue of jobs.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct Queue {
    /// `schedule`, `trigger`, `flow`, `action` or `generation`.
    pub name: String,
    /// The number of jobs that a worker process runs at a time.
    pub concurrency: i32,
    /// The number of jobs that are ready to run.
    pub waiting: i32,
    /// The number of jobs that are running.
    pub active: i32,
    /// The number of delayed jobs.
    pub delayed: i32,
    /// The number of prioritized jobs that are ready to run.
    pub prioritized: i32,
    /// The number of failed jobs that are retained.
    pub failed: i32,
    /// The number of completed jobs that are retained.
    pub completed: i32,
}

/// The number of jobs of each queue that a worker process runs at a time.
#[derive(Debug, Clone, Copy)]
pub struct Concurrency {
    pub schedule: usize,
    pub trigger: usize,
    pub flow: usize,
    pub action: usize,
    pub generation: usize,
}

/// Queries of queues.
#[derive(Default)]
pub struct QueueQuery;

#[Object]
impl QueueQuery {
    /// Lists the job queues of flows and generations.
    async fn queues(&self, ctx: &Context<'_>) -> Result<Items<Queue>> {
        let _ = ctx.actor()?.scope(Action::Read, Subject::Queue)?;
        let concurrency = ctx.data_unchecked::<Concurrency>();
        let mut queues = Vec::new();
        for queue in job::Queue::ALL {
            let counts = ctx.services().queues.counts(queue).await?;
            let number = |count: u64| i32::try_from(count).unwrap_or(i32::MAX);
            let concurrency = match queue {
                job::Queue::Schedule => concurrency.schedule,
                job::Queue::Trigger => concurrency.trigger,
                job::Queue::Flow => concurrency.flow,
                job::Queue::Action => concurrency.action,
                job::Queue::Generation => concurrency.generation,
            };
            queues.push(Queue {
                name: queue.name().to_owned(),
                concurrency: i32::try_from(concurrency).unwrap_or(i32::MAX),
                waiting: number(counts.waiting),
                active: number(counts.active),
                delayed: number(counts.delayed),
                prioritized: number(counts.prioritized),
                failed: number(counts.failed),
                completed: number(counts.completed),
            });
        }
        Ok(queues.into())
    }
}
