//! The flow runtime: runs the steps that this process has claimed. `services` stores each result and decides in the
//! same transaction which steps follow.

mod attempt;
mod branch;
mod leases;
mod step;

use std::sync::Arc;

use leases::Leases;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use triptych_services::{
    Services,
    tasks::{Turn, supervise},
};
use uuid::Uuid;

use crate::{
    automation::{
        integrations::{Registry, Tools},
        templates::Renderer,
    },
    conversations::generations::Generator,
};

/// Runs steps.
#[derive(Clone)]
pub struct Runtime {
    services: Services,
    registry: Registry,
    renderer: Arc<Renderer>,
    tools: Tools,
    generator: Generator,
    worker: Uuid,
    leases: Arc<Leases>,
}

impl Runtime {
    /// Starts the task that renews the leases of running steps.
    pub fn start(
        services: Services,
        registry: Registry,
        renderer: Arc<Renderer>,
        generator: Generator,
        tools: Tools,
        tasks: &TaskTracker,
        stop: CancellationToken,
    ) -> Self {
        let worker = services.clock.new_uuid();
        let leases = Arc::new(Leases::default());
        let (kept, executions, turns) = (leases.clone(), services.executions.clone(), services.turns.clone());
        tasks.spawn(async move {
            let keep = || leases::keep(kept.clone(), executions.clone(), turns.clone(), worker, stop.clone());
            supervise(Turn::Leases.name(), keep).await;
        });
        Self { services, registry, renderer, tools, generator, worker, leases }
    }
}
