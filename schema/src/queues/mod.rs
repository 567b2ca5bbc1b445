//! The queues, as the API shows them.

use async_graphql::{Context, Object, SimpleObject};
use triptych_entities::payloads::job;
use triptych_services::access::{Action, Subject};

use crate::{context::ContextExt as _, errors::Result};

/// A queue of jobs.
#[derive(SimpleObject)]
pub struct Queue {
    /// `trigger`, `flow`, `action` or `generation`.
    pub name: String,
    /// Jobs that one worker process runs at a time.
    pub concurrency: i32,
    /// Jobs that could run now.
    pub waiting: i32,
    /// Jobs that are being run.
    pub active: i32,
    /// Jobs whose time has not come.
    pub delayed: i32,
    /// Jobs that could run now, out of turn.
    pub prioritized: i32,
    /// Jobs that failed for good and are kept to be looked at.
    pub failed: i32,
    /// Jobs that are done and are kept for a while.
    pub completed: i32,
}

/// How many jobs of each queue a worker process runs at a time.
#[derive(Debug, Clone, Copy)]
pub struct Concurrency {
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
    /// The queues that flows and generations are worked off from.
    async fn queues(&self, ctx: &Context<'_>) -> Result<Vec<Queue>> {
        let _ = ctx.actor()?.scope(Action::Read, Subject::Queue)?;
        let concurrency = ctx.data_unchecked::<Concurrency>();
        let mut queues = Vec::new();
        for queue in job::Queue::ALL {
            let counts = ctx.services().queues.counts(queue).await?;
            let number = |count: u64| i32::try_from(count).unwrap_or(i32::MAX);
            let concurrency = match queue {
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
        Ok(queues)
    }
}
