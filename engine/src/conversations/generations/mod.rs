//! Running generations: a claim, a model's stream, live events on the way, and one end.
//!
//! Knows how an answer comes about and is told; what a generation is, who may have it and how it ends belongs to
//! `services`.

mod answer;
mod keeper;
mod produce;
mod run;
mod step;
mod writer;

pub use run::RunEnd;
pub use step::StepAnswer;

use std::{sync::Arc, time::Duration};

use tokio_util::{sync::CancellationToken, task::TaskTracker};
use triptych_services::conversations::generations::Generations;
use uuid::Uuid;

use crate::conversations::models::ModelRegistry;
use keeper::Held;

/// How long a worker has a generation without saying that it is alive.
const LEASE: Duration = Duration::from_secs(15);

/// Runs generations for threads and for AI steps.
#[derive(Clone)]
pub struct Generator {
    generations: Generations,
    models: ModelRegistry,
    worker: Uuid,
    held: Arc<Held>,
    stop: CancellationToken,
}

impl Generator {
    /// Starts the task that keeps the leases. After `stop` no generation goes on: each is let go, so that another
    /// worker begins it again.
    #[must_use]
    pub fn start(
        generations: Generations,
        models: ModelRegistry,
        tasks: &TaskTracker,
        stop: CancellationToken,
    ) -> Self {
        let worker = generations.mint().uuid();
        let held = Arc::new(Held::default());
        let generator = Self { generations, models, worker, held, stop };
        tasks.spawn(keeper::keep(generator.clone()));
        generator
    }
}
